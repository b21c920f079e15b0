package dev.damselfly.api;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.EvaluationResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// What the walls of this module are: no I/O, no threads, no cycles.
@NullMarked
class HouseTest {
  private static final DescribedPredicate<JavaClass> GENERATED =
      resideInAnyPackage(
          "..wire.common..",
          "..wire.errordetails..",
          "..wire.manager..",
          "..wire.scheduler..",
          "..wire.dfdaemon..",
          "..wire.damselfly..",
          "..wire.local..");

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.damselfly.api")
          .that(not(GENERATED));

  @Test
  void main_doesNoInputOrOutput() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.io..", "java.nio.file..", "java.nio.channels..", "java.net..", "io.netty..")
                .and(not(isOneOf(ByteArrayOutputStream.class, java.io.Serializable.class))))
        .check(MAIN);
  }

  @Test
  void main_startsNoThreads() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAPackage("java.util.concurrent..")
                .and(not(isOneOf(ConcurrentMap.class, ConcurrentHashMap.class)))
                .or(isOneOf(Thread.class, ThreadLocal.class)))
        .check(MAIN);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.damselfly.api.(**)").should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void url_dependsOnErrorsOnly() {
    noClasses()
        .that()
        .resideInAPackage("dev.damselfly.api.url")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.damselfly.api..")
                .and(not(resideInAnyPackage("dev.damselfly.api.url", "dev.damselfly.api.error"))))
        .check(MAIN);
  }

  @Test
  void digests_areMadeInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.damselfly.api.id")
        .should()
        .callMethod(MessageDigest.class, "getInstance", String.class)
        .check(MAIN);
  }

  @Test
  void packages_areNullMarked() {
    classes()
        .that()
        .haveSimpleName("package-info")
        .should()
        .beAnnotatedWith(NullMarked.class)
        .check(MAIN);
  }

  @Test
  void main_isNotEmptyAndARuleCanFail() {
    EvaluationResult result =
        noClasses().should().dependOnClassesThat().areAssignableTo(IOException.class).evaluate(tests());

    org.assertj.core.api.Assertions.assertThat(MAIN).hasSizeGreaterThan(40);
    org.assertj.core.api.Assertions.assertThat(result.hasViolation()).isTrue();
  }

  private static JavaClasses tests() {
    return new ClassFileImporter().importClasses(HouseTest.class, Vectors.class);
  }

  private static DescribedPredicate<JavaClass> isOneOf(Class<?>... types) {
    return JavaClass.Predicates.belongToAnyOf(types);
  }
}
