package dev.damselfly.nydus;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The walls of the reader: no files, no network, no threads, nothing of the other modules, no cycles.
class HouseTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.damselfly.nydus");

  @Test
  void main_knowsOnlyBytesAndDecoders() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                "dev.damselfly.nydus..", "java.lang..", "java.io", "java.nio", "java.nio.charset", "java.security",
                "java.util", "java.util.function", "java.util.regex", "java.util.stream", "java.util.zip",
                "com.github.luben.zstd", "net.jpountz.lz4", "org.jspecify.annotations"))
        .check(MAIN);
  }

  @Test
  void main_startsNoThreads_andOpensNoFiles() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.Thread")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching("java\\.io\\.(File|RandomAccess).*")
        .check(MAIN);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.damselfly.nydus.(*)..").should().beFreeOfCycles().check(MAIN);
    noClasses()
        .that()
        .resideInAPackage("dev.damselfly.nydus")
        .should()
        .dependOnClassesThat(resideInAnyPackage("dev.damselfly.nydus.chunk", "dev.damselfly.nydus.layer"))
        .check(MAIN);
  }
}
