package dev.damselfly.authz;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class PackagesTest {
  @Test
  void packages_haveNoCycles() {
    var classes =
        new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.damselfly.authz");

    slices().matching("dev.damselfly.authz.(*)..").should().beFreeOfCycles().check(classes);
  }
}
