package dev.damselfly.authz.limits;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The bounds of one process, the single source of its numbers. Immutable.
///
/// Configuration lowers a bound freely and raises it up to its hard maximum, never beyond.
public final class Limits {
  private final Part part;
  private final Map<Bound, Long> values;

  private Limits(Part part, Map<Bound, Long> values) {
    this.part = part;
    this.values = values;
  }

  /// One line of `damselfly limits`.
  ///
  /// @param configured whether the value differs from the default
  public record Row(String id, String key, String what, String value, String hardMaximum, String breach, boolean configured) {}

  /// The defaults of a process.
  public static Limits of(Part part) {
    return configured(part, Map.of());
  }

  /// Defaults with the chosen values put over them.
  ///
  /// @param chosen value by [Bound#key], in the unit of the bound
  /// @throws IllegalArgumentException naming every problem at once: unknown keys, keys of other processes, values out of range
  public static Limits configured(Part part, Map<String, Long> chosen) {
    Map<String, Long> open = new TreeMap<>(chosen);
    Map<Bound, Long> values = new EnumMap<>(Bound.class);
    List<String> problems = new ArrayList<>();
    for (Bound bound : Bound.values()) {
      if (bound.parts().contains(part)) {
        @Nullable Long own = open.remove(bound.key());
        long value = own == null ? bound.standard() : own;
        values.put(bound, value);
        if (value < bound.least() || value > bound.most()) {
          problems.add(
              "limits." + bound.key() + " (" + bound.id() + ") must be in [" + bound.least() + ", " + bound.most() + "]");
        }
      }
    }
    open.keySet().forEach(key -> problems.add("limits." + key + " is not a limit of this process"));
    addContradictions(values, problems);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    return new Limits(part, values);
  }

  private static void addContradictions(Map<Bound, Long> values, List<String> problems) {
    requireOrder(values, Bound.DISK_LOW, Bound.DISK_HIGH, problems);
    requireOrder(values, Bound.TTL_MIN, Bound.TTL_MAX, problems);
    requireOrder(values, Bound.BYTES_IN_FLIGHT_PER_IDENTITY, Bound.BYTES_IN_FLIGHT, problems);
    requireOrder(values, Bound.CONNECTIONS_PER_IDENTITY, Bound.CONNECTIONS, problems);
    requireOrder(values, Bound.STREAMS_PER_IDENTITY, Bound.CALLS, problems);
    requireOrder(values, Bound.CALLS_PER_SECOND_PER_IDENTITY, Bound.CALLS_PER_SECOND, problems);
  }

  private static void requireOrder(Map<Bound, Long> values, Bound low, Bound high, List<String> problems) {
    @Nullable Long a = values.get(low);
    @Nullable Long b = values.get(high);
    if (a != null && b != null && a > b) {
      problems.add("limits." + low.key() + " must not be above limits." + high.key());
    }
  }

  public Part part() {
    return part;
  }

  /// A bound that fits an `int`, whatever its unit.
  public int count(Bound bound) {
    return Math.toIntExact(value(bound));
  }

  /// The number in the unit of the bound.
  ///
  /// @throws IllegalStateException when this process does not have the bound: a missing bound is a bug, not "no limit"
  public long value(Bound bound) {
    @Nullable Long value = values.get(bound);
    if (value == null) {
      throw new IllegalStateException(bound + " is not a limit of a " + part);
    }
    return value;
  }

  /// A bound in time.
  public Duration time(Bound bound) {
    if (bound.unit() != Unit.MILLIS) {
      throw new IllegalStateException(bound + " is not a time");
    }
    return Duration.ofMillis(value(bound));
  }

  /// The whole table, in the order of [Bound].
  public List<Row> rows() {
    return values.entrySet().stream().map(entry -> row(entry.getKey(), entry.getValue())).toList();
  }

  private static Row row(Bound bound, long value) {
    return new Row(
        bound.id(),
        bound.key(),
        bound.what(),
        bound.unit().show(value),
        bound.unit().show(bound.most()),
        bound.breach(),
        value != bound.standard());
  }
}
