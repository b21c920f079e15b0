package dev.damselfly.scheduler.parent;

import java.util.Locale;

/// How well a parent suits a child; each part is in 0..1.
public record Score(double loadQuality, double idc, double location, double hostType) {
  public double total() {
    return 0.6 * loadQuality + 0.2 * idc + 0.1 * location + 0.1 * hostType;
  }

  /// For people: the total and its parts.
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "score %.3f: load %.3f, idc %.3f, location %.3f, host type %.3f",
        total(),
        loadQuality,
        idc,
        location,
        hostType);
  }
}
