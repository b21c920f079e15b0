package dev.damselfly.fuzz.pages;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What runs by itself, and the packages that are its own.
enum Part {
  MANAGER("dev.damselfly.manager"),
  SCHEDULER("dev.damselfly.scheduler"),
  PEER("dev.damselfly.peer"),
  ISSUER("dev.damselfly.dist.issuer"),
  CLI("dev.damselfly.dist.cli", "dev.damselfly.dist.daemon", "dev.damselfly.dist.runtime", "dev.damselfly.dist");

  private static final String STARTER = "dev.damselfly.dist.daemon";

  @SuppressWarnings("ImmutableEnumChecker") // always from List.of
  private final List<String> packages;

  Part(String... packages) {
    this.packages = List.of(packages);
  }

  String page() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// What is in no other part, if it is in `dist`, is of the command line: a new package there cannot be forgotten.
  boolean owns(String packageName) {
    return this == owner(packageName);
  }

  private static @org.jspecify.annotations.Nullable Part owner(String packageName) {
    return Arrays.stream(values())
        .filter(part -> part.packages.stream().anyMatch(own -> packageName.equals(own) || packageName.startsWith(own + ".")))
        .findFirst()
        .orElse(null);
  }

  /// Packages of nobody are shared; what starts a role is part of each.
  static boolean mayEnter(Part part, String packageName) {
    Part owner = owner(packageName);
    return owner == null || owner == part || (part.isRole() && packageName.equals(STARTER));
  }

  /// Where the code of this process begins.
  boolean begins(String type) {
    return owns(type.substring(0, type.lastIndexOf('.'))) || (isRole() && type.equals(STARTER + ".RoleCommand"));
  }

  /// What the distribution and the fuzz targets test is of all; the issuer has tests of its package only.
  boolean isTestedIn(String module) {
    return module.equals(page()) || (this == CLI && module.equals("dist")) || (isRole() && (module.equals("dist") || module.equals("fuzz")));
  }

  private boolean isRole() {
    return this == MANAGER || this == SCHEDULER || this == PEER;
  }
}
