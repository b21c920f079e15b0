package dev.damselfly.dist.mount;

import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import dev.damselfly.dist.lazy.LazyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.cryptomator.jfuse.api.Fuse;
import org.cryptomator.jfuse.api.FuseBuilder;
import org.cryptomator.jfuse.api.FuseMountFailedException;

/// A read-only mount of an image, from [#open] to [#close]. Thread-safe.
public final class ImageMount implements AutoCloseable {
  private static final String HOURS = "86400"; // what an image says never changes
  private final Fuse fuse;
  private final Path directory;
  private final CountDownLatch gone;
  private boolean closed;

  private ImageMount(Fuse fuse, Path directory, CountDownLatch gone) {
    this.fuse = fuse;
    this.directory = directory;
    this.gone = gone;
  }

  /// @param directory exists and is empty
  /// @param others all users of the host may look, as far as the modes of the image let them
  public static ImageMount open(LazyFiles files, Path directory, boolean others) throws LazyFailed {
    requireUsable(directory);
    var gone = new CountDownLatch(1);
    try {
      FuseBuilder builder = Fuse.builder();
      library().ifPresent(path -> builder.setLibraryPath(path.toString()));
      Fuse fuse = builder.build(new FuseAnswers(files, builder.errno(), gone::countDown));
      String options =
          "ro,nosuid,nodev,default_permissions,kernel_cache,fsname=damselfly,subtype=nydus,attr_timeout=" + HOURS
              + ",entry_timeout=" + HOURS + (others ? ",allow_other" : "");
      fuse.mount("damselfly", directory, "-o", options);
      return new ImageMount(fuse, directory, gone);
    } catch (UnsatisfiedLinkError | UnsupportedOperationException e) {
      throw new LazyFailed(Kind.UNAVAILABLE, "a mount needs libfuse 3: install the package fuse3; `nydus unpack` needs none");
    } catch (FuseMountFailedException e) {
      throw new LazyFailed(
          Kind.REFUSED,
          "the mount failed: users other than root need fusermount3, and user_allow_other in /etc/fuse.conf for --allow-other");
    }
  }

  /// Where the distributions keep it.
  private static Optional<Path> library() {
    return Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib")
        .map(directory -> Path.of(directory, "libfuse3.so.3"))
        .filter(Files::exists)
        .findFirst();
  }

  private static void requireUsable(Path directory) throws LazyFailed {
    if (!Files.exists(Path.of("/dev/fuse"))) {
      throw new LazyFailed(Kind.UNAVAILABLE, "this system has no /dev/fuse, so nothing can be mounted; `nydus unpack` needs none");
    }
    try (var entries = Files.list(directory)) {
      if (entries.findAny().isPresent()) {
        throw new LazyFailed(Kind.USAGE, "the directory must be empty: " + directory);
      }
    } catch (IOException e) {
      if (isDead(e)) {
        throw new LazyFailed(Kind.LOCAL, "a mount whose process is gone is in the way; " + cleaning(directory));
      }
      boolean there = Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
      throw new LazyFailed(Kind.USAGE, (there ? "this is no directory that can be read: " : "there is no directory ") + directory);
    }
  }

  private static boolean isDead(IOException e) {
    return String.valueOf(e.getMessage()).contains("endpoint is not connected");
  }

  /// How a mount is taken away whose process was killed.
  public static String cleaning(Path directory) {
    return "`fusermount3 -u " + directory + "` (or, as root, `umount " + directory + "`) takes it away";
  }

  /// Waits until somebody unmounts it. The library says nothing when others do, so the kernel's list is looked at, too.
  public void await() throws InterruptedException {
    while (!gone.await(1, TimeUnit.SECONDS) && isMounted()) {
      // it is still there
    }
  }

  private boolean isMounted() {
    String place = directory.toString().replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012");
    try (var lines = Files.lines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> line.split(" ", 6)[4].equals(place));
    } catch (IOException | UncheckedIOException e) {
      return true; // nobody knows better
    }
  }

  /// Unmounts. Idempotent.
  ///
  /// @throws LazyFailed when it is still in use
  @Override
  public synchronized void close() throws LazyFailed {
    if (closed) {
      return;
    }
    closed = true;
    try {
      fuse.close();
    } catch (TimeoutException e) {
      throw new LazyFailed(Kind.LOCAL, "the mount is still in use; " + cleaning(directory));
    }
  }
}
