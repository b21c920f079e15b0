package dev.damselfly.manager.scheduler;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.document.Json;
import java.util.List;
import java.util.Objects;

/// What a scheduler offers; order kept.
public record Features(List<String> names) {
  public static final int MAX = 16;
  private static final int MAX_NAME = 32;
  private static final String SCHEDULE = "schedule";

  /// Of a scheduler that says nothing.
  public static final Features DEFAULT = new Features(List.of(SCHEDULE, "preheat"));

  public Features {
    boolean twice = names.stream().distinct().count() < names.size();
    if (names.size() > MAX || twice || names.stream().anyMatch(Features::isBad)) {
      throw new InvalidValue("must be at most 16 different names of 1 to 32 characters a-z, 0-9, '_', '-'");
    }
    names = List.copyOf(names);
  }

  private static boolean isBad(String name) {
    return name.isEmpty()
        || name.length() > MAX_NAME
        || !name.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-');
  }

  /// The document of the wire: a JSON array.
  static Features read(String json) {
    List<String> names = List.of(Json.read(json, String[].class));
    return new Features(names.stream().map(Objects::requireNonNull).toList());
  }

  String document() {
    return Json.write(names);
  }

  /// Whether peers may be sent there.
  boolean schedules() {
    return names.contains(SCHEDULE);
  }
}
