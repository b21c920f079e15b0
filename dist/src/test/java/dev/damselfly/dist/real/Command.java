package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// Runs `./damselfly` as a user would, with an environment of its own.
final class Command {
  /// What a finished command left.
  record Result(int code, String out, String err) {
    String all() {
      return "exit " + code + "\n--- out\n" + out + "\n--- err\n" + err;
    }
  }

  private static final Path ROOT = Path.of(System.getProperty("house.root", "..")).toAbsolutePath().normalize();

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
    Path out = Files.createTempFile(work, "out", ".txt");
    Path err = Files.createTempFile(work, "err", ".txt");
    var command = new ArrayList<String>(List.of(ROOT.resolve("damselfly").toString()));
    command.addAll(List.of(words));
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

  record Running(Process process, Path out, Path err) {
    String text() throws IOException {
      return Files.readString(out) + Files.readString(err);
    }

    /// Waits until the text appears in the output.
    void awaitText(String wanted) throws IOException, InterruptedException {
      awaitMatch(Pattern.quote(wanted));
    }

    /// Waits until the pattern is found in the output.
    void awaitMatch(String regex) throws IOException, InterruptedException {
      var wanted = Pattern.compile(regex);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
      while (!wanted.matcher(text()).find()) {
        boolean ended = process.waitFor(20, TimeUnit.MILLISECONDS);
        if (ended && !wanted.matcher(text()).find() || System.nanoTime() > deadline) {
          throw new IOException("did not say \"" + wanted + "\":\n" + text());
        }
      }
    }
  }
}
