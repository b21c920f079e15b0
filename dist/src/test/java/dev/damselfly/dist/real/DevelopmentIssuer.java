package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Identities from `damselfly dev-issuer`, a socket for each process; all processes are of this user.
final class DevelopmentIssuer implements Identities {
  private final Path home;
  private final Command command;
  private final List<String> words;
  private Command.Running running;

  private DevelopmentIssuer(Path home, Command command, List<String> words) throws IOException {
    this.home = home;
    this.command = command;
    this.words = words;
    this.running = command.start(words.toArray(String[]::new));
  }

  /// @param life of an SVID, as `dev-issuer --ttl` takes it
  static DevelopmentIssuer start(Path home, Command command, List<String> names, String life)
      throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("dev-issuer", "--dir", home.resolve("i").toString(), "--ttl", life));
    for (String name : names) {
      words.addAll(List.of("--id", name + "=" + Identities.id(name)));
    }
    var issuer = new DevelopmentIssuer(home, command, words);
    try {
      issuer.running.awaitText("ready");
      return issuer;
    } catch (IOException | InterruptedException e) {
      issuer.close();
      throw e;
    }
  }

  /// Another one takes its place: nobody is trusted any more by what the first one signed.
  void replace() throws IOException, InterruptedException {
    running.process().destroyForcibly().waitFor(5, TimeUnit.SECONDS);
    running = command.start(words.toArray(String[]::new));
    running.awaitText("ready");
  }

  @Override
  public String workloadApi(String name) {
    return "unix://" + home.resolve("i").resolve(name + ".sock");
  }

  @Override
  public Path place(String name) {
    return home;
  }

  @Override
  public List<String> launcher(String name) {
    return List.of(Command.PROGRAM.toString());
  }

  @Override
  public void close() {
    Command.stop(running.process());
  }
}
