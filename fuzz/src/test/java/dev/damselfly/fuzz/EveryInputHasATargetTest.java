package dev.damselfly.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.manager.boot.ServedManager;
import dev.damselfly.peer.testing.ServedUploads;
import dev.damselfly.peer.tools.ServedTools;
import dev.damselfly.scheduler.boot.ServedScheduler;
import io.grpc.BindableService;
import io.grpc.ServiceDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Whatever takes bytes or text from outside is found in the class files, and has a row in `inputs.txt`: which target
/// covers it, which bounds limit it, which threats it answers. A new RPC or parser without them fails the build by name.
class EveryInputHasATargetTest {
  private static final Path ROOT = Path.of(System.getProperty("house.root", ".."));
  private static final Set<String> READS = Set.of("parse", "decode", "read", "request", "reply", "verify");
  private static final Set<String> RAW =
      Set.of(
          "java.lang.String", "[B", "byte[]", "java.nio.ByteBuffer", "com.google.protobuf.ByteString", "io.netty.buffer.ByteBuf",
          "dev.damselfly.authz.config.ConfigReader", "java.io.InputStream", "java.nio.channels.ReadableByteChannel", "java.util.List");

  /// Take nothing from outside: the edge that names fields, rules of our own schema, flags of the user who types them.
  private static final Set<String> OWN_WORDS =
      Set.of(
          "dev.damselfly.api.error.Field",
          "dev.damselfly.api.rule.Interval",
          "dev.damselfly.dist.cli.Flags",
          "dev.damselfly.dist.cli.Headers");

  /// The development issuer: on a private socket of the same user, and its requests are empty.
  private static final String ISSUER = "dev.damselfly.dist.issuer";

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
          .importPackages("dev.damselfly");

  /// One line of the table.
  ///
  /// @param input a class, an RPC, or `package.Service/*` for those without a row of their own
  /// @param covered the class of [Target#covers] that leads to it; `rpc` for an RPC
  private record Row(String input, Set<String> targets, String covered, Set<String> bounds, Set<String> threats) {}

  private static List<Row> rows() throws IOException {
    var rows = new ArrayList<Row>();
    for (String line : Files.readAllLines(ROOT.resolve("fuzz").resolve("inputs.txt"))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] parts = line.strip().split("\\s+", -1);
        assertThat(parts).as(line).hasSize(5);
        rows.add(new Row(parts[0], set(parts[1]), parts[2], set(parts[3]), set(parts[4])));
      }
    }
    return rows;
  }

  private static Set<String> set(String text) {
    return Set.of(text.split(",", -1));
  }

  @Test
  void everyRpc_hasATarget_aPolicyRow_boundsAndThreats() throws IOException {
    Set<String> allowed =
        Stream.of(ServedScheduler.policy(), ServedManager.policy(), ServedUploads.policy(), ServedTools.policy())
            .flatMap(policy -> policy.rows().stream())
            .map(Policy.Row::method)
            .collect(Collectors.toSet());
    Map<String, Target> targets = targets();
    var without = new TreeSet<String>();
    for (String rpc : rpcs()) {
      var row = rowOf(rpc);
      boolean called =
          row.stream()
              .flatMap(r -> r.targets().stream())
              .anyMatch(name -> targets.get(name) instanceof HandlerTarget target && target.rpcs().contains(rpc));
      if (!called) {
        without.add(rpc + ": no target");
      }
      if (!allowed.contains(rpc)) {
        without.add(rpc + ": no policy row");
      }
    }

    assertThat(rpcs()).hasSizeGreaterThan(50);
    assertThat(without).isEmpty();
  }

  @Test
  void everyParser_hasATarget() throws IOException {
    Map<String, Target> targets = targets();
    Map<String, Row> byInput = rows().stream().collect(Collectors.toMap(Row::input, row -> row));
    var without = new TreeSet<String>();
    for (String parser : parsers()) {
      Row row = byInput.get(parser);
      if (row == null || row.targets().stream().noneMatch(name -> covers(targets, name, row.covered()))) {
        without.add(parser);
      }
    }

    assertThat(parsers()).hasSizeGreaterThan(30);
    assertThat(without).as("parsers without a target that covers them").isEmpty();
  }

  @Test
  void everyRow_standsForAnInput_andNamesKnownBoundsAndThreats() throws IOException {
    Set<String> bounds = Arrays.stream(Bound.values()).map(Bound::id).collect(Collectors.toSet());
    Set<String> threats = new HashSet<>();
    var ids = Pattern.compile("(?m)^- id: (\\S+)$").matcher(Files.readString(ROOT.resolve("threat-model").resolve("threats.yaml")));
    while (ids.find()) {
      threats.add(ids.group(1));
    }
    Set<String> inputs = new HashSet<>(parsers());
    rpcs().forEach(rpc -> inputs.addAll(Set.of(rpc, rpc.substring(0, rpc.indexOf('/')) + "/*")));

    for (Row row : rows()) {
      assertThat(inputs).as("an input that is not there any more").contains(row.input());
      assertThat(bounds).as(row.input()).containsAll(row.bounds());
      assertThat(threats).as(row.input()).containsAll(row.threats());
      assertThat(targets().keySet()).as(row.input()).containsAll(row.targets());
    }
  }

  private static boolean covers(Map<String, Target> targets, String name, String type) {
    Target target = targets.get(name);
    return target != null && target.covers().stream().anyMatch(covered -> covered.getName().equals(type));
  }

  private static List<Row> rowOf(String rpc) throws IOException {
    String service = rpc.substring(0, rpc.indexOf('/')) + "/*";
    List<Row> own = rows().stream().filter(row -> row.input().equals(rpc)).toList();
    return own.isEmpty() ? rows().stream().filter(row -> row.input().equals(service)).toList() : own;
  }

  private static Map<String, Target> targets() {
    return Targets.all().stream().collect(Collectors.toMap(Target::name, target -> target));
  }

  /// Every method of every service that a class of ours implements, and of the health service beside them.
  private static Set<String> rpcs() {
    var all = new TreeSet<String>();
    Stream.concat(
            MAIN.stream()
                .filter(type -> type.isAssignableTo(BindableService.class) && !isGenerated(type))
                .filter(type -> !type.getPackageName().equals(ISSUER))
                .map(EveryInputHasATargetTest::service),
            Stream.of(HealthGrpc.getServiceDescriptor()))
        .forEach(service -> service.getMethods().forEach(method -> all.add(method.getFullMethodName())));
    return all;
  }

  private static ServiceDescriptor service(JavaClass implementation) {
    try {
      Class<?> base = implementation.getRawSuperclass().orElseThrow().reflect().getEnclosingClass();
      return (ServiceDescriptor) base.getMethod("getServiceDescriptor").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(implementation.getName() + " implements no generated service", e);
    }
  }

  /// Classes with a method that makes values from text or bytes; reading from a file into a buffer makes none.
  private static Set<String> parsers() {
    var all = new TreeSet<String>();
    for (JavaClass type : MAIN) {
      if (!isGenerated(type) && type.getMethods().stream().anyMatch(EveryInputHasATargetTest::reads)) {
        all.add(type.getName().replaceAll("\\$.*", ""));
      }
    }
    all.removeAll(OWN_WORDS);
    return all;
  }

  private static boolean reads(JavaMethod method) {
    var modifiers = method.getModifiers();
    var parameters = method.getRawParameterTypes();
    boolean copies = !modifiers.contains(JavaModifier.STATIC) && method.getName().equals("read");
    return !copies
        && !modifiers.contains(JavaModifier.PRIVATE)
        && !modifiers.contains(JavaModifier.SYNTHETIC)
        && !parameters.isEmpty()
        && READS.contains(method.getName())
        && RAW.contains(parameters.getFirst().getName());
  }

  private static boolean isGenerated(JavaClass type) {
    return type.getPackageName().startsWith("dev.damselfly.api.wire") && type.getPackageName().matches(".*\\.v[0-9]+");
  }
}
