package dev.damselfly.manager;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class PackagesTest {
  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.damselfly.manager");

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.damselfly.manager.(*)..").should().beFreeOfCycles().check(OURS);
  }

  @Test
  void connections_areOpenedInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.damselfly.manager.store")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.zaxxer..", "org.flywaydb..", "org.h2..")
        .check(OURS);
  }
}
