package dev.damselfly.scheduler.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.ApplicationPriority;
import dev.damselfly.api.wire.manager.v2.URLPriority;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

@NullMarked
class ApplicationsTest {
  private static Application application(String name, Priority value, URLPriority... urls) {
    return Application.newBuilder()
        .setName(name)
        .setPriority(ApplicationPriority.newBuilder().setValue(value).addAllUrls(List.of(urls)))
        .build();
  }

  private static URLPriority url(String regex, Priority value) {
    return URLPriority.newBuilder().setRegex(regex).setValue(value).build();
  }

  @Test
  void priority_isThatOfTheFirstMatchingRuleElseOfTheApplication() {
    var applications =
        Applications.of(
            List.of(
                application("a", Priority.LEVEL1, url("blobs", Priority.LEVEL2), url("blobs/x", Priority.LEVEL3)),
                application("a", Priority.LEVEL6)));

    assertThat(applications.priorityOf("a", "http://o/blobs/x")).isEqualTo(Priority.LEVEL2);
    assertThat(applications.priorityOf("a", "http://o/other")).isEqualTo(Priority.LEVEL1);
    assertThat(applications.priorityOf("b", "http://o/blobs/x")).isEqualTo(Priority.LEVEL0);
    assertThat(Applications.NONE.priorityOf("a", "http://o")).isEqualTo(Priority.LEVEL0);
  }

  @Test
  @Threat({"S-SCH-9", "B-35"})
  void ruleThatDoesNotCompileOrIsTooLong_isLeftOutAndTheOthersStay() {
    var applications =
        Applications.of(
            List.of(
                application(
                    "a",
                    Priority.LEVEL1,
                    url("(", Priority.LEVEL2),
                    url("(?=a)look-ahead", Priority.LEVEL2),
                    url("(a)\\1", Priority.LEVEL2),
                    url("x".repeat(1025), Priority.LEVEL2),
                    url("good", Priority.LEVEL5))));

    assertThat(applications.priorityOf("a", "http://o/good")).isEqualTo(Priority.LEVEL5);
    assertThat(applications.priorityOf("a", "http://o/aa(" + "x".repeat(1025))).isEqualTo(Priority.LEVEL1);
  }

  /// A backtracking engine would need 2^n steps for each of these.
  @Test
  @Threat({"S-SCH-9", "F-49"})
  void nestedRepeats_takeLinearTime() {
    var rules =
        new URLPriority[] {
          url("^(a+)+$", Priority.LEVEL2), url("^(a|aa)+$", Priority.LEVEL3), url("^(.*)*x$", Priority.LEVEL4)
        };
    var applications = Applications.of(List.of(application("a", Priority.LEVEL1, rules)));
    String url = "a".repeat(8000) + "!";

    Priority priority =
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> applications.priorityOf("a", url));

    assertThat(priority).isEqualTo(Priority.LEVEL1);
  }

  @Test
  @Threat({"S-SCH-9", "B-35"})
  void rulesOfAnApplication_areBounded() {
    var many = new URLPriority[101];
    for (int i = 0; i < many.length; i++) {
      many[i] = url("rule" + i + "$", Priority.LEVEL2);
    }
    var applications = Applications.of(List.of(application("a", Priority.LEVEL1, many)));

    assertThat(applications.priorityOf("a", "http://o/rule99")).isEqualTo(Priority.LEVEL2);
    assertThat(applications.priorityOf("a", "http://o/rule100")).isEqualTo(Priority.LEVEL1);
  }
}
