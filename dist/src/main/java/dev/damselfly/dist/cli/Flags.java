package dev.damselfly.dist.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The parsed words of one command: flags and what stands between them. Immutable.
///
/// Accepts `--name value`, `--name=value`, `-n value`, `-nvalue`, and `--` to end flags.
final class Flags {
  /// One flag that a command knows.
  ///
  /// @param letter short form, 0 for none
  /// @param value name of its value in help texts, empty for a switch
  /// @param refused why this flag of dfget is not taken; empty for a flag that is
  record Flag(String name, char letter, String value, boolean repeats, String help, String refused) {
    static Flag of(String name, char letter, String value, String help) {
      return new Flag(name, letter, value, false, help, "");
    }

    static Flag repeated(String name, char letter, String value, String help) {
      return new Flag(name, letter, value, true, help, "");
    }

    static Flag refused(String name, String value, String why) {
      return new Flag(name, '\0', value, false, "", why);
    }

    boolean takesValue() {
      return !value.isEmpty();
    }
  }

  private final Map<String, List<String>> values;
  private final List<String> words;

  private Flags(Map<String, List<String>> values, List<String> words) {
    this.values = values;
    this.words = words;
  }

  /// @throws CommandFailed with USAGE for an unknown, repeated, incomplete or refused flag
  static Flags parse(List<Flag> known, List<String> args) throws CommandFailed {
    var values = new HashMap<String, List<String>>();
    var words = new ArrayList<String>();
    for (int i = 0; i < args.size(); i++) {
      String arg = args.get(i);
      if (arg.equals("--")) {
        words.addAll(args.subList(i + 1, args.size()));
        break;
      }
      if (!arg.startsWith("-") || arg.equals("-")) {
        words.add(arg);
        continue;
      }
      Flag flag = find(known, arg);
      if (!flag.refused().isEmpty()) {
        throw new CommandFailed(ExitCode.USAGE, "--" + flag.name() + " is refused: " + flag.refused());
      }
      Optional<String> attached = attached(flag, arg);
      String value = "true";
      if (flag.takesValue()) {
        if (attached.isEmpty() && ++i == args.size()) {
          throw new CommandFailed(ExitCode.USAGE, "--" + flag.name() + " needs a value: " + flag.value());
        }
        value = attached.isPresent() ? attached.get() : args.get(i);
      } else if (attached.isPresent()) {
        value = switchValue(flag, attached.get());
      }
      var all = values.computeIfAbsent(flag.name(), _ -> new ArrayList<>());
      if (!all.isEmpty() && !flag.repeats()) {
        throw new CommandFailed(ExitCode.USAGE, "--" + flag.name() + " stands twice");
      }
      all.add(value);
    }
    return new Flags(values, List.copyOf(words));
  }

  boolean on(String name) {
    return text(name).map(Boolean::parseBoolean).orElse(false);
  }

  Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name)).map(List::getFirst);
  }

  List<String> all(String name) {
    return List.copyOf(values.getOrDefault(name, List.of()));
  }

  List<String> words() {
    return words;
  }

  private static Flag find(List<Flag> known, String arg) throws CommandFailed {
    if (arg.startsWith("--")) {
      String name = arg.substring(2, arg.indexOf('=') < 0 ? arg.length() : arg.indexOf('='));
      for (Flag flag : known) {
        if (flag.name().equals(name)) {
          return flag;
        }
      }
      throw new CommandFailed(ExitCode.USAGE, "unknown flag --" + name + suggestion(known, name));
    }
    for (Flag flag : known) {
      if (flag.letter() == arg.charAt(1)) {
        return flag;
      }
    }
    throw new CommandFailed(ExitCode.USAGE, "unknown flag -" + arg.charAt(1));
  }

  private static String suggestion(List<Flag> known, String name) {
    var names = known.stream().filter(flag -> flag.refused().isEmpty()).map(flag -> "--" + flag.name()).toList();
    return Nearest.to("--" + name, names).map(near -> "; did you mean " + near + "?").orElse("");
  }

  private static Optional<String> attached(Flag flag, String arg) {
    if (arg.startsWith("--")) {
      int equals = arg.indexOf('=');
      return equals < 0 ? Optional.empty() : Optional.of(arg.substring(equals + 1));
    }
    return arg.length() == 2 ? Optional.empty() : Optional.of(arg.substring(2));
  }

  private static String switchValue(Flag flag, String text) throws CommandFailed {
    if (text.equals("true") || text.equals("false")) {
      return text;
    }
    throw new CommandFailed(ExitCode.USAGE, "--" + flag.name() + " is a switch: true or false");
  }
}
