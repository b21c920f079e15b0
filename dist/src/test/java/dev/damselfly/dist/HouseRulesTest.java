package dev.damselfly.dist;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// The walls between the modules, and the one place of each concern, over the classes of all modules that are shipped.
@NullMarked
class HouseRulesTest {
  private static final ImportOption SHIPPED =
      location -> !location.contains("/test-classes/") && !location.contains("-tests.jar");

  private static final DescribedPredicate<JavaClass> GENERATED =
      resideInAnyPackage(
          "..wire.common..", "..wire.errordetails..", "..wire.manager..", "..wire.scheduler..", "..wire.dfdaemon..",
          "..wire.damselfly..", "..wire.local..");

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(SHIPPED)
          .importPackages("dev.damselfly")
          .that(DescribedPredicate.not(GENERATED));

  private static final Pattern FOR_TESTS =
      Pattern.compile("<type>test-jar</type>|<artifactId>(junit|assertj|archunit|jqwik|jazzer|grpc-inprocess|grpc-testing)");

  @Test
  void modules_areAllHere() {
    Set<String> modules =
        ALL.stream().map(c -> c.getPackageName().split("\\.", 4)[2]).collect(Collectors.toCollection(TreeSet::new));

    assertThat(modules).containsExactly("api", "authz", "dist", "manager", "nydus", "peer", "scheduler");
  }

  @Test
  void roles_neverDependOnEachOther() {
    for (String role : Set.of("manager", "scheduler", "peer")) {
      Set<String> others = new TreeSet<>(Set.of("manager", "scheduler", "peer", "dist"));
      others.remove(role);
      noClasses()
          .that().resideInAPackage("dev.damselfly." + role + "..")
          .should().dependOnClassesThat().resideInAnyPackage(
              others.stream().map(other -> "dev.damselfly." + other + "..").toArray(String[]::new))
          .check(ALL);
    }
    noClasses()
        .that().resideInAnyPackage("dev.damselfly.api..", "dev.damselfly.authz..")
        .should().dependOnClassesThat().resideInAnyPackage(
            "dev.damselfly.manager..", "dev.damselfly.scheduler..", "dev.damselfly.peer..", "dev.damselfly.dist..")
        .check(ALL);
    noClasses()
        .that().resideInAPackage("dev.damselfly.api..")
        .should().dependOnClassesThat().resideInAPackage("dev.damselfly.authz..")
        .check(ALL);
  }

  @Test
  void packages_haveNoCycles() {
    for (String module : Set.of("scheduler", "peer", "dist", "authz", "manager")) {
      slices().matching("dev.damselfly." + module + ".(*)..").should().beFreeOfCycles().check(ALL);
    }
  }

  @Test
  void boot_isImportedByTheLauncherAlone() {
    noClasses()
        .that().resideOutsideOfPackages("..boot..", "dev.damselfly.dist.daemon..")
        .should().dependOnClassesThat().resideInAPackage("dev.damselfly.*.boot..")
        .check(ALL);
  }

  @Test
  void packages_areNullMarked() {
    Set<String> marked =
        ALL.stream()
            .filter(c -> c.getSimpleName().equals("package-info") && c.isAnnotatedWith(NullMarked.class))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toSet());

    Set<String> packages = ALL.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));

    assertThat(packages).isNotEmpty().isSubsetOf(marked);
  }

  @Test
  void types_haveNamesOfTheDomain() {
    noClasses()
        .should().haveSimpleNameEndingWith("Impl")
        .orShould().haveSimpleNameEndingWith("Util")
        .orShould().haveSimpleNameEndingWith("Utils")
        .orShould().haveSimpleNameEndingWith("Helper")
        .orShould().haveSimpleNameEndingWith("Data")
        .orShould().haveSimpleNameStartingWith("Abstract")
        .orShould().haveSimpleNameStartingWith("Base")
        .check(ALL);
    noClasses()
        .should().resideInAnyPackage("..util..", "..common..", "..impl..", "..helper..", "..service..", "..controller..")
        .check(ALL);
  }

  /// A server or channel that was not built by the guard would have no identity check (D3). Workload API sockets are
  /// the one exception: a process has no identity before it has asked there.
  @Test
  void serversAndChannels_areBuiltByTheGuard() {
    noClasses()
        .that().resideOutsideOfPackages(
            "dev.damselfly.authz.guard..", "dev.damselfly.authz.identity.workload..", "dev.damselfly.dist.issuer..")
        .should().dependOnClassesThat(
            DescribedPredicate.describe(
                "build gRPC servers or channels",
                c ->
                    c.getPackageName().startsWith("io.grpc")
                        && (c.getSimpleName().endsWith("ServerBuilder") || c.getSimpleName().endsWith("ChannelBuilder"))))
        .check(ALL);
  }

  /// TLS contexts decide who is trusted: identities in authz, origins in the one class that speaks to them.
  @Test
  void tlsContexts_areMadeInAuthzAndForOrigins() {
    noClasses()
        .that().resideOutsideOfPackages("dev.damselfly.authz.tls..", "dev.damselfly.peer.origin..")
        .should().dependOnClassesThat().haveFullyQualifiedName("javax.net.ssl.SSLContext")
        .orShould().dependOnClassesThat().haveFullyQualifiedName("io.netty.handler.ssl.SslContextBuilder")
        .orShould().dependOnClassesThat().haveSimpleName("InsecureTrustManagerFactory")
        .check(ALL);
  }

  @Test
  @Threat("F-04")
  void origins_areReachedThroughTheEgressGate() {
    noClasses()
        .that().resideOutsideOfPackage("dev.damselfly.peer.origin..")
        .should().dependOnClassesThat(resideInAnyPackage("java.net.http..", "org.apache.hc..", "io.netty.resolver.."))
        .orShould().dependOnClassesThat().haveFullyQualifiedName("java.net.URLConnection")
        .orShould().callConstructor(java.net.Socket.class)
        .orShould().callMethod(java.net.URL.class, "openConnection")
        .check(ALL);
  }

  /// No certificate is issued by production code (D2): nydus takes a hash function, the scheduler the signature of grants.
  @Test
  @Threat({"CVE-2025-59353", "F-32"})
  void certificates_areIssuedByTheDevelopmentIssuerAlone() {
    noClasses()
        .that().resideOutsideOfPackage("dev.damselfly.dist.issuer..")
        .should().dependOnClassesThat(
            resideInAPackage("org.bouncycastle..").and(DescribedPredicate.not(resideInAPackage("org.bouncycastle.crypto.."))))
        .check(ALL);
    noClasses()
        .that().resideOutsideOfPackages("dev.damselfly.dist.issuer..", "dev.damselfly.nydus..")
        .and().haveNameNotMatching("dev[.]damselfly[.]scheduler[.]swarm[.]GrantSigner([$].*)?")
        .should().dependOnClassesThat(resideInAPackage("org.bouncycastle.."))
        .check(ALL);
    noClasses()
        .that().resideInAPackage("dev.damselfly.nydus..")
        .should().dependOnClassesThat(
            resideInAPackage("org.bouncycastle..").and(DescribedPredicate.not(resideInAPackage("org.bouncycastle.crypto.digests.."))))
        .check(ALL);
    noClasses()
        .that().resideInAPackage("dev.damselfly.nydus..")
        .should().dependOnClassesThat(
            resideInAnyPackage("java.nio.file..", "java.net..", "io.netty..", "io.grpc..", "java.nio.channels..", "java.util.concurrent.."))
        .check(ALL);
  }

  /// Only `nydus mount` needs it, and only that command loads it.
  @Test
  void fuse_isKnownToTheMountAlone() {
    noClasses()
        .that().resideOutsideOfPackage("dev.damselfly.dist.mount..")
        .should().dependOnClassesThat().resideInAPackage("org.cryptomator..")
        .check(ALL);
    noClasses()
        .that().haveNameNotMatching("dev[.]damselfly[.]dist[.]cli[.]NydusMountCommand([$].*)?")
        .and().resideOutsideOfPackage("dev.damselfly.dist.mount..")
        .should().dependOnClassesThat().resideInAPackage("dev.damselfly.dist.mount..")
        .check(ALL);
  }

  @Test
  void digests_areComputedWhereTheyAreNamed() {
    noClasses()
        .that().resideOutsideOfPackages("dev.damselfly.api.id..", "dev.damselfly.authz.audit..", "dev.damselfly.scheduler.swarm..", "dev.damselfly.nydus..")
        .should().callMethod(MessageDigest.class, "getInstance", String.class)
        .check(ALL);
  }

  @Test
  void grpcErrors_areMadeInOneClass() {
    noClasses()
        .that().doNotHaveFullyQualifiedName("dev.damselfly.api.error.GrpcErrors")
        .should().dependOnClassesThat().haveFullyQualifiedName("io.grpc.protobuf.StatusProto")
        .check(ALL);
  }

  @Test
  void environment_isReadByTheLauncherAlone() {
    noClasses()
        .that().resideOutsideOfPackages("..boot..", "dev.damselfly.dist..")
        .should().callMethod(System.class, "getenv", String.class)
        .orShould().callMethod(System.class, "getenv")
        .check(ALL);
    noClasses()
        .that().resideOutsideOfPackage("dev.damselfly.dist..")
        .should().callMethod(System.class, "exit", int.class)
        .orShould().accessField(System.class, "out")
        .orShould().accessField(System.class, "err")
        .check(ALL);
  }

  @Test
  void files_areOpenedByTheirOwners() {
    noClasses()
        .that().resideOutsideOfPackages(
            "dev.damselfly.authz.files..", "dev.damselfly.authz.identity.workload..", "dev.damselfly.peer.store..",
            "dev.damselfly.peer.control..", "dev.damselfly.peer.discover..", "dev.damselfly.peer.origin..",
            "dev.damselfly.manager.store..", "..boot..", "dev.damselfly.dist..")
        .should().dependOnClassesThat().areAssignableTo(Files.class)
        .check(ALL);
  }

  @Test
  void state_isNeverHiddenInThreadsOrStreams() {
    noClasses()
        .should().dependOnClassesThat().areAssignableTo(ThreadLocal.class)
        .orShould().dependOnClassesThat().areAssignableTo(ObjectInputStream.class)
        .check(ALL);
    fields().that().areStatic().and().areDeclaredInClassesThat().resideOutsideOfPackage("dev.damselfly.dist.cli..")
        .should().beFinal().check(ALL);
  }

  /// Code comes from the release alone: nothing of ours looks for providers, makes class loaders, or calls native code.
  @Test
  @Threat("S-ORG-5")
  void code_isNeverLoadedAtRunTime() {
    noClasses()
        .should().dependOnClassesThat().areAssignableTo(java.security.SecureClassLoader.class)
        .orShould().dependOnClassesThat().areAssignableTo(java.util.ServiceLoader.class)
        .orShould().dependOnClassesThat().haveFullyQualifiedName("java.lang.foreign.Linker")
        .orShould().dependOnClassesThat().haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
        .orShould().callMethod(System.class, "load", String.class)
        .orShould().callMethod(System.class, "loadLibrary", String.class)
        .orShould().callMethod(Runtime.class, "load", String.class)
        .orShould().callMethod(Runtime.class, "loadLibrary", String.class)
        .orShould().callMethod(Class.class, "forName", String.class)
        .check(ALL);
    methods().should().notHaveModifier(JavaModifier.NATIVE).check(ALL);
  }

  /// What is shipped knows no test library and offers no view into the process (RPC reflection, channelz, JMX, admin pages).
  @Test
  @Threat("F-38")
  void testsAndDebugging_areNotShipped() {
    noClasses()
        .should().dependOnClassesThat().resideInAnyPackage(
            "org.junit..", "org.assertj..", "net.jqwik..", "com.tngtech..", "com.code_intelligence..", "io.grpc.inprocess..",
            "dev.damselfly.authz.testing..", "com.sun.net.httpserver..", "javax.management.remote..", "com.sun.tools.attach..", "io.grpc.channelz..")
        .orShould().dependOnClassesThat().haveNameMatching("io\\.grpc\\.protobuf\\.services\\.(ProtoReflection|Channelz|Admin|BinaryLog).*")
        .orShould().haveSimpleNameEndingWith("Test")
        .orShould().haveSimpleNameEndingWith("Bench")
        .check(ALL);
  }

  /// The launcher's directory holds what the modules need at run time: a dependency for tests says that it is one.
  @Test
  @Threat("F-38")
  void dependenciesForTests_areNotShipped() throws IOException {
    Path root = Path.of(System.getProperty("house.root", ".."));
    for (String module : List.of("api", "authz", "manager", "scheduler", "peer", "peer/nydus", "dist")) {
      String pom = Files.readString(root.resolve(module).resolve("pom.xml"));
      for (String dependency : pom.split("<dependency>")) {
        if (FOR_TESTS.matcher(dependency.split("</dependency>")[0]).find()) {
          assertThat(dependency.split("</dependency>")[0]).as(module).contains("<scope>test</scope>");
        }
      }
    }
  }
}
