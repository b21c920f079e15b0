package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs `./damselfly` as a user would, with an environment of its own.
final class Command {
  /// What a finished command left.
  record Result(int code, String out, String err) {
    String all() {
      return "exit " + code + "\n--- out\n" + out + "\n--- err\n" + err;
    }
  }

  static final Path ROOT = Path.of(System.getProperty("house.root", "..")).toAbsolutePath().normalize();
  static final Path PROGRAM = ROOT.resolve("damselfly");

  private final Path work;
  private final Map<String, String> environment;

  Command(Path work, Map<String, String> environment) {
    this.work = work;
    this.environment = environment;
  }

  Result run(String... words) throws IOException, InterruptedException {
    return await(start(words));
  }

  /// A command that runs on; its output is collected in files.
  Running start(String... words) throws IOException {
    return startAs(List.of(), words);
  }

  /// @param wrapper program and arguments that run the command, such as one that changes the user
  Running startAs(List<String> wrapper, String... words) throws IOException {
    var command = new ArrayList<String>(wrapper);
    command.add(PROGRAM.toString());
    command.addAll(List.of(words));
    return startProgram(command);
  }

  /// Runs another program in the same environment.
  Running startProgram(List<String> command) throws IOException {
    Path out = Files.createTempFile(work, "out", ".txt");
    Path err = Files.createTempFile(work, "err", ".txt");
    var builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(environment);
    return new Running(builder.start(), out, err);
  }

  static Result await(Running running) throws IOException, InterruptedException {
    if (!running.process().waitFor(5, TimeUnit.MINUTES)) {
      running.process().destroyForcibly();
      throw new IOException("the command did not end within 5 minutes:\n" + running.text());
    }
    return new Result(running.process().exitValue(), Files.readString(running.out()), Files.readString(running.err()));
  }

  /// Asks a process to end, and ends it after 10 s.
  static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  record Running(Process process, Path out, Path err) {
    String text() throws IOException {
      return Files.readString(out) + Files.readString(err);
    }

    /// Waits until the text appears in the output.
    void awaitText(String wanted) throws IOException, InterruptedException {
      awaitMatch(Pattern.quote(wanted));
    }

    /// Waits until the pattern is found in the output.
    Matcher awaitMatch(String regex) throws IOException, InterruptedException {
      var wanted = Pattern.compile(regex);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
      while (true) {
        boolean ended = !process.isAlive();
        Matcher matcher = wanted.matcher(text());
        if (matcher.find()) {
          return matcher;
        }
        if (ended || System.nanoTime() > deadline) {
          throw new IOException("did not say \"" + wanted + "\":\n" + text());
        }
        process.waitFor(20, TimeUnit.MILLISECONDS);
      }
    }
  }
}
