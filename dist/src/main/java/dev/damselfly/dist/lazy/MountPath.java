package dev.damselfly.dist.lazy;

import dev.damselfly.dist.lazy.FileRefused.Why;
import dev.damselfly.nydus.Name;
import java.util.ArrayList;
import java.util.List;

/// A path as the kernel asks for it: from the root of the mount, made of names of an image. Never looked at by this host.
///
/// @param names from the root down; empty for the root
public record MountPath(List<Name> names) {
  /// Characters, and so bytes in what the kernel takes.
  public static final int MAX_LENGTH = 4096;

  public MountPath {
    names = List.copyOf(names);
  }

  /// @throws FileRefused MALFORMED when it is not absolute or too long, ABSENT for a part that is no name, as `.` and `..`
  public static MountPath parse(String path) throws FileRefused {
    if (!path.startsWith("/") || path.length() > MAX_LENGTH) {
      throw new FileRefused(Why.MALFORMED);
    }
    var names = new ArrayList<Name>();
    for (String part : path.split("/")) {
      try {
        if (!part.isEmpty()) {
          names.add(Name.of(part));
        }
      } catch (IllegalArgumentException notAName) {
        throw new FileRefused(Why.ABSENT);
      }
    }
    return new MountPath(names);
  }
}
