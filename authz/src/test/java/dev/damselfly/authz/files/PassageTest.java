package dev.damselfly.authz.files;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.security.auth.module.UnixSystem;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Directories on the way that may be entered but not read. Root reads everything, so a process without root's powers looks.
@NullMarked
@Threat({"TOB-5", "F-18"})
class PassageTest {
  private static final String ENTER = "--x--x--x";
  private static final String OURS = "rwx------";

  @TempDir Path temp;

  /// Says of each path whether it can be opened.
  @SuppressWarnings("SystemOut")
  public static void main(String[] paths) throws IOException {
    for (String path : paths) {
      try (SafeDir dir = SafeDir.open(Path.of(path))) {
        System.out.println("opened " + dir.names(10).size());
      } catch (UnsafeFile e) {
        System.out.println("refused");
      }
    }
  }

  private static List<String> opened(Path... paths) throws IOException {
    var command = new ArrayList<String>();
    if (new UnixSystem().getUid() == 0) {
      command.addAll(List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all"));
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    command.addAll(List.of(java, "-cp", classPath(), PassageTest.class.getName()));
    for (Path path : paths) {
      command.add(path.toString());
    }
    Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
  }

  /// Where the classes really come from; whoever runs this test may have loaded them by other ways than its class path.
  private static String classPath() {
    return Stream.of(SafeDir.class, UnsafeFile.class, PassageTest.class, InvalidValue.class)
        .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  private Path holder(String mode) throws IOException {
    Path made = Files.createTempDirectory(temp.toRealPath(), "holder");
    return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
  }

  /// Makes what is inside first: nobody writes into it later.
  private static Path directories(Path holder, String... modes) throws IOException {
    Path deepest = holder;
    var made = new ArrayList<Path>();
    for (int i = 0; i < modes.length; i++) {
      deepest = Files.createDirectory(deepest.resolve("d" + i));
      made.add(deepest);
    }
    for (int i = modes.length - 1; i >= 0; i--) {
      Files.setPosixFilePermissions(made.get(i), PosixFilePermissions.fromString(modes[i]));
    }
    return deepest;
  }

  @Test
  void directoryThatMayOnlyBeEntered_isPassed() throws IOException {
    Path one = directories(holder("rwxr-xr-x"), ENTER, OURS);
    Path two = directories(holder("rwxr-xr-x"), ENTER, ENTER, OURS);
    Path between = directories(holder("rwx------"), ENTER, "rwxr-xr-x", ENTER, OURS);

    assertThat(opened(one, two, between)).containsExactly("opened 0", "opened 0", "opened 0");
  }

  @Test
  void directoryThatMayNotEvenBeEntered_isRefused() throws IOException {
    assertThat(opened(directories(holder("rwxr-xr-x"), "rw-rw-rw-", OURS), directories(holder("rwxr-xr-x"), OURS)))
        .containsExactly("refused", "opened 0");
  }

  @Test
  void passageThatOthersCouldSwap_isRefused() throws IOException {
    Path byAll = directories(holder("rwxrwxrwx"), ENTER, OURS);
    Path byGroup = directories(holder("rwxrwxr-x"), ENTER, OURS);
    Path inside = directories(holder("rwxr-xr-x"), "-wx-wx-wx", ENTER, OURS);

    assertThat(opened(byAll, byGroup, inside)).containsExactly("refused", "refused", "refused");
  }

  @Test
  void linkInAPassage_isRefused() throws IOException {
    Path target = directories(holder("rwxr-xr-x"), OURS);
    Path holder = holder("rwxr-xr-x");
    Path passage = Files.createDirectory(holder.resolve("passage"));
    Files.createSymbolicLink(passage.resolve("link"), target);
    Files.createSymbolicLink(holder.resolve("link"), passage);
    Files.setPosixFilePermissions(passage, PosixFilePermissions.fromString(ENTER));

    assertThat(opened(passage.resolve("link"), holder.resolve("link").resolve("link"), target))
        .containsExactly("refused", "refused", "opened 0");
  }

  @Test
  void directoryItself_mustBeReadable() throws IOException {
    assertThat(opened(directories(holder("rwxr-xr-x"), "-wx------"), directories(holder("rwxr-xr-x"), OURS)))
        .containsExactly("refused", "opened 0");
  }
}
