package dev.damselfly.scheduler.cluster;

import com.google.re2j.Pattern;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.authz.limits.PatternSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Priorities of applications: the first application of the name, in it the first URL rule that matches.
/// Rules are linear-time expressions of bounded length; one that does not compile is left out (S-SCH-9).
public final class Applications {
  public static final Applications NONE = new Applications(List.of());

  private static final int MAX_APPLICATIONS = 10_000;
  private static final int MAX_RULES = 100;
  private static final int MAX_PATTERN = 1024;

  private final List<Entry> entries;

  private record Entry(String name, Priority value, List<UrlRule> rules) {}

  private record UrlRule(Pattern pattern, Priority value) {}

  private Applications(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  public static Applications of(List<Application> applications) {
    return new Applications(applications.stream().limit(MAX_APPLICATIONS).map(Applications::entry).toList());
  }

  private static Entry entry(Application application) {
    var rules = new ArrayList<UrlRule>();
    for (var url : application.getPriority().getUrlsList()) {
      if (rules.size() < MAX_RULES) {
        compiled(url.getRegex()).ifPresent(pattern -> rules.add(new UrlRule(pattern, url.getValue())));
      }
    }
    return new Entry(application.getName(), application.getPriority().getValue(), rules);
  }

  /// Absent for a rule that cannot be read: it matches nothing.
  private static Optional<Pattern> compiled(String regex) {
    if (regex.length() > MAX_PATTERN) {
      return Optional.empty();
    }
    try {
      return Optional.of(PatternSize.compile(regex));
    } catch (InvalidValue e) {
      return Optional.empty();
    }
  }

  /// What applies to a download that names no priority of its own (LEVEL0).
  public Priority priorityOf(String application, String url) {
    for (Entry entry : entries) {
      if (entry.name().equals(application)) {
        for (UrlRule rule : entry.rules()) {
          if (rule.pattern().matcher(url).find()) {
            return rule.value();
          }
        }
        return entry.value();
      }
    }
    return Priority.LEVEL0;
  }
}
