package dev.damselfly.conformance.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Profile;
import dev.damselfly.conformance.suite.Runner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A command line.
///
/// @param only ids or parts of ids up to a slash; empty for all
/// @param role only cases about this role; empty for all
/// @param replay transcript of a failed case; empty for none
record Flags(
    Command command,
    String target,
    Profile profile,
    List<String> only,
    String role,
    String replay,
    String expected,
    String output,
    Settings settings) {
  private static final int MAX_JOBS = 64;

  /// @param patience how long a case waits for one event
  record Settings(Duration patience, int jobs, long seed, boolean quiet) {}

  enum Command {
    RUN,
    LIST,
    HELP
  }

  /// The words are no command of ours.
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String text) {
      super(text);
    }
  }

  static Flags parse(List<String> words) throws Unusable {
    var made = new Building();
    var rest = new ArrayDeque<>(words);
    if (rest.isEmpty()) {
      made.command = Command.HELP;
    }
    while (!rest.isEmpty()) {
      String word = rest.pop();
      switch (word) {
        case "run" -> made.command = Command.RUN;
        case "list", "--list" -> made.command = Command.LIST;
        case "help", "--help", "-h" -> made.command = Command.HELP;
        case "--quiet", "-q" -> made.quiet = true;
        default -> {
          String value = rest.poll();
          if (value == null) {
            throw new Unusable(word.startsWith("-") ? word + " needs a value, or is unknown" : "unknown command " + word);
          }
          made.set(word, value);
        }
      }
    }
    return made.build();
  }

  Duration patience() {
    return settings.patience();
  }

  int jobs() {
    return settings.jobs();
  }

  long seed() {
    return settings.seed();
  }

  boolean quiet() {
    return settings.quiet();
  }

  /// The cases that the command line asks for.
  List<Case> chosen(List<Case> all) {
    return Runner.select(all, profile).stream()
        .filter(one -> role.isEmpty() || one.role().text().equals(role))
        .filter(one -> only.isEmpty() || only.stream().anyMatch(id -> one.id().equals(id) || one.id().startsWith(id + "/")))
        .toList();
  }

  /// With case, profile and seed of the transcript that is to be replayed.
  Flags replayed(Path start) throws IOException {
    if (replay.isEmpty()) {
      return this;
    }
    JsonNode head;
    try (var lines = Files.lines(start.resolve(replay))) {
      head = JsonMapper.builder().build().readTree(lines.findFirst().orElse("{}"));
    }
    var named = Profile.find(head.path("profile").asText());
    if (!head.hasNonNull("case") || named.isEmpty()) {
      throw new IOException(replay + ": not a transcript of dfconf");
    }
    return new Flags(
        command,
        target,
        named.get(),
        List.of(head.path("case").asText()),
        "",
        replay,
        expected,
        output,
        new Settings(settings.patience(), settings.jobs(), head.path("seed").asLong(), settings.quiet()));
  }

  private static final class Building {
    private Command command = Command.HELP;
    private String target = "";
    private Profile profile = Profile.INTEROP;
    private final List<String> only = new ArrayList<>();
    private String role = "";
    private String replay = "";
    private String expected = "";
    private String output = "dfconf-report";
    private Duration patience = Duration.ofSeconds(30);
    private int jobs = 1;
    private long seed = 1;
    private boolean quiet;

    void set(String flag, String value) throws Unusable {
      switch (flag) {
        case "--target" -> target = value;
        case "--profile" ->
            profile = Profile.find(value).orElseThrow(() -> new Unusable("--profile is interop-2.5 or hardened-1"));
        case "--only" -> only.add(value);
        case "--role" -> role = role(value);
        case "--replay" -> replay = value;
        case "--expected-failures" -> expected = value;
        case "--output" -> output = value;
        case "--patience" -> patience = Duration.ofSeconds(number(flag, value, 1, 600));
        case "--jobs" -> jobs = (int) number(flag, value, 1, MAX_JOBS);
        case "--seed" -> seed = number(flag, value, 0, Long.MAX_VALUE);
        default -> throw new Unusable("unknown flag " + flag);
      }
    }

    private static String role(String value) throws Unusable {
      if (!List.of("manager", "scheduler", "peer").contains(value)) {
        throw new Unusable("--role is manager, scheduler or peer");
      }
      return value;
    }

    private static long number(String flag, String value, long least, long most) throws Unusable {
      try {
        long number = Long.parseLong(value);
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // the rule below says it
      }
      throw new Unusable(flag + " is a number from " + least + " to " + most);
    }

    Flags build() throws Unusable {
      if (command == Command.RUN && target.isEmpty()) {
        throw new Unusable("run needs --target FILE");
      }
      return new Flags(
          command, target, profile, List.copyOf(only), role, replay, expected, output, new Settings(patience, jobs, seed, quiet));
    }
  }
}
