package dev.damselfly.conformance.target;

import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.WorkloadSockets;
import dev.damselfly.conformance.target.TargetFile.Mode;
import dev.damselfly.conformance.target.TargetFile.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// A program described by a target file: a process of its own for each start, or one that runs already.
public final class DescribedTarget implements Target {
  private final TargetFile file;
  private final Path base;
  private final Actors actors;
  private final Set<String> capabilities;

  private DescribedTarget(TargetFile file, Path base) {
    this.file = file;
    this.base = base;
    var transport = file.transport();
    this.actors =
        transport.mode() == Mode.PLAIN
            ? Actors.plain()
            : Actors.mutual(
                Objects.requireNonNull(transport.trustDomain()),
                Objects.requireNonNull(transport.identities()),
                Objects.requireNonNull(transport.cluster()));
    this.capabilities = new TreeSet<>(Objects.requireNonNullElse(file.capabilities(), List.of()));
    file.roles().keySet().forEach(role -> capabilities.add(role.text()));
    capabilities.add(transport.mode() == Mode.PLAIN ? "plain" : "mtls");
  }

  /// @throws IOException saying what is wrong with the file
  public static DescribedTarget read(Path path) throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    return new DescribedTarget(TargetFile.read(path), Objects.requireNonNull(parent));
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public boolean has(String capability) {
    return capabilities.contains(capability);
  }

  @Override
  public Actors actors() {
    return actors;
  }

  @Override
  public Running start(Start start) throws IOException, InterruptedException {
    Program program = file.roles().get(start.role());
    if (program == null) {
      throw new IOException("the target file describes no " + start.role().text());
    }
    List<String> command = program.command();
    if (command == null) {
      return new Elsewhere(Endpoint.parse(Objects.requireNonNull(program.endpoint())), program.partsOrNone());
    }
    Files.createDirectories(start.work());
    var sockets = new WorkloadSockets(start.work());
    try {
      var values = values(start, program, sockets);
      for (var entry : Objects.requireNonNullElse(program.files(), Map.<String, String>of()).entrySet()) {
        Files.writeString(start.work().resolve(entry.getKey()), fill(entry.getValue(), values));
      }
      var environment = new HashMap<String, String>();
      Objects.requireNonNullElse(program.environment(), Map.<String, String>of())
          .forEach((key, value) -> environment.put(key, fill(value, values)));
      var words = command.stream().map(word -> fill(word, values)).toList();
      var ready = Pattern.compile(Objects.requireNonNull(program.ready()));
      var at = new StartedProcess.Listeners(ready, program.endpoint(), program.partsOrNone());
      return StartedProcess.start(words, environment, start.work(), at, sockets);
    } catch (IOException | InterruptedException | RuntimeException e) {
      sockets.close();
      throw e;
    }
  }

  private Map<String, String> values(Start start, Program program, WorkloadSockets sockets) throws IOException {
    var values = new HashMap<String, String>();
    values.put("work", start.work().toString());
    values.put("base", base.toString());
    values.put("manager", start.manager().toString());
    values.put("manager-host", start.manager().host());
    values.put("manager-port", Integer.toString(start.manager().port()));
    String own = program.identity();
    if (actors.haveIdentities() && own != null) {
      values.put("name", own);
      Path socket = sockets.serve("workload", actors.identity(start.role(), own));
      values.put("workload-api", "unix://" + socket.toAbsolutePath());
    }
    return values;
  }

  private static String fill(String text, Map<String, String> values) {
    String filled = text;
    for (var entry : values.entrySet()) {
      filled = filled.replace("{" + entry.getKey() + "}", entry.getValue());
    }
    return filled;
  }

  /// A program that somebody else started.
  private record Elsewhere(Endpoint endpoint, Map<String, String> parts) implements Running {
    @Override
    public Optional<Endpoint> endpoint(String part) {
      return Optional.ofNullable(parts.get(part)).map(Endpoint::parse);
    }

    @Override
    public String output() {
      return "";
    }

    @Override
    public void stop() {
      // not ours to stop
    }

    @Override
    public void close() {
      // not ours to stop
    }
  }
}
