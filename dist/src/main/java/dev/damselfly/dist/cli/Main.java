package dev.damselfly.dist.cli;

import dev.damselfly.dist.cli.Flags.Flag;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Entry point of the commands that talk to a daemon or read files.
public final class Main {
  static final Flag HELP = Flag.of("help", 'h', "", "this text");
  static final Flag ENDPOINT = Flag.of("endpoint", 'e', "SOCKET", "Unix socket of the daemon");
  static final Flag JSON = Flag.of("json", '\0', "", "print one JSON object per line");

  private Main() {}

  public static void main(String[] args) {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int code = run(Arrays.asList(args), out);
    out.flush();
    if (code != 0) {
      System.exit(code);
    }
  }

  static int run(List<String> args, PrintStream out) {
    try {
      String name = args.isEmpty() ? "help" : args.getFirst();
      return dispatch(name, new ArrayList<>(args.subList(Math.min(1, args.size()), args.size())), out).value();
    } catch (CommandFailed e) {
      System.err.println("damselfly: " + e.text());
      if (e.code() == ExitCode.USAGE && !args.isEmpty()) {
        System.err.println("`damselfly help " + args.getFirst() + "` shows how it is used.");
      }
      return e.code().value();
    }
  }

  private static ExitCode dispatch(String name, List<String> args, PrintStream out) throws CommandFailed {
    return switch (name) {
      case "get" -> get(args, out);
      case "status", "explain", "limits", "down" -> query(name, args, out);
      case "audit" -> audit(args, out);
      case "nydus" -> nydus(args, out);
      case "runtime" -> runtime(args, out);
      case "doctor" -> doctor(args, out);
      case "version", "--version", "-V" -> {
        out.println("damselfly " + Version.text());
        yield ExitCode.OK;
      }
      case "help", "--help", "-h" -> help(args, out);
      default -> throw unknown(name);
    };
  }

  private static CommandFailed unknown(String name) {
    var names = Help.COMMANDS.stream().map(Help.Topic::name).toList();
    String near = Nearest.to(name, names).map(word -> "; did you mean `" + word + "`?").orElse("; see `damselfly help`");
    return new CommandFailed(ExitCode.USAGE, "there is no command `" + name + "`" + near);
  }

  private static ExitCode get(List<String> args, PrintStream out) throws CommandFailed {
    Flags flags = Flags.parse(GetFlags.ALL, args);
    if (flags.on("help")) {
      Help.command(out, "get", GetFlags.ALL);
      return ExitCode.OK;
    }
    return new GetCommand(flags, daemon(flags), reporter(flags, out)).run();
  }

  private static Reporter reporter(Flags flags, PrintStream out) {
    if (flags.on("json")) {
      return new JsonReporter(out);
    }
    boolean terminal = Terminal.present() && !flags.on("no-progress");
    var text = new TextReporter(out, System.err, terminal, terminal ? Terminal.width() : 80, System::nanoTime);
    return flags.on("no-progress") ? new QuietReporter(text) : text;
  }

  private static ExitCode query(String name, List<String> args, PrintStream out) throws CommandFailed {
    List<Flag> known = flagsOf(name);
    Flags flags = Flags.parse(known, args);
    if (flags.on("help")) {
      Help.command(out, name, known);
      return ExitCode.OK;
    }
    return new QueryCommands(daemon(flags), out, flags).run(name);
  }

  private static ExitCode audit(List<String> args, PrintStream out) throws CommandFailed {
    Flags flags = Flags.parse(flagsOf("audit"), args);
    if (flags.on("help") || flags.words().isEmpty()) {
      Help.command(out, "audit", flagsOf("audit"));
      return flags.on("help") ? ExitCode.OK : ExitCode.USAGE;
    }
    return AuditCommand.run(flags.words(), StateDir.ofEnvironment(), out);
  }

  private static ExitCode nydus(List<String> args, PrintStream out) throws CommandFailed {
    Flags flags = Flags.parse(NydusFlags.ALL, args);
    if (flags.on("help")) {
      Help.command(out, "nydus", NydusFlags.ALL);
      return ExitCode.OK;
    }
    return new NydusCommand(flags, out).run();
  }

  private static ExitCode runtime(List<String> args, PrintStream out) throws CommandFailed {
    Flags flags = Flags.parse(RuntimeFlags.ALL, args);
    if (flags.on("help")) {
      Help.command(out, "runtime", RuntimeFlags.ALL);
      return ExitCode.OK;
    }
    return new RuntimeCommand(flags, out).run();
  }

  private static ExitCode doctor(List<String> args, PrintStream out) throws CommandFailed {
    Flags flags = Flags.parse(flagsOf("doctor"), args);
    if (flags.on("help")) {
      Help.command(out, "doctor", flagsOf("doctor"));
      return ExitCode.OK;
    }
    return new DoctorCommand(daemon(flags), out).run();
  }

  private static Daemon daemon(Flags flags) {
    return new Daemon(StateDir.ofEnvironment(), flags.text("endpoint"));
  }

  private static ExitCode help(List<String> args, PrintStream out) throws CommandFailed {
    String topic = args.isEmpty() ? "" : args.getFirst();
    if (topic.isEmpty() || topic.equals("help")) {
      Help.overview(out);
    } else if (topic.equals("exit-codes")) {
      Help.exitCodes(out);
    } else if (Help.COMMANDS.stream().noneMatch(command -> command.name().equals(topic))) {
      throw unknown(topic);
    } else {
      Help.command(out, topic, flagsOf(topic));
    }
    return ExitCode.OK;
  }

  private static List<Flag> flagsOf(String command) {
    return switch (command) {
      case "get" -> GetFlags.ALL;
      case "nydus" -> NydusFlags.ALL;
      case "runtime" -> RuntimeFlags.ALL;
      case "status", "explain", "limits" -> List.of(HELP, ENDPOINT, JSON);
      case "down", "doctor" -> List.of(HELP, ENDPOINT);
      case "audit" -> List.of(HELP);
      case "up" -> RoleFlags.UP;
      case "manager", "scheduler", "peer" -> RoleFlags.ROLE;
      case "dev-issuer" -> RoleFlags.ISSUER;
      default -> List.of();
    };
  }
}
