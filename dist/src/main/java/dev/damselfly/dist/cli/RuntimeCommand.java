package dev.damselfly.dist.cli;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.files.UnsafeFile;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.dist.runtime.Conflict;
import dev.damselfly.dist.runtime.ContainerRuntime;
import dev.damselfly.dist.runtime.MirrorFiles;
import dev.damselfly.dist.runtime.MirroredRegistry;
import dev.damselfly.dist.runtime.Origin;
import dev.damselfly.dist.runtime.RegistryName;
import dev.damselfly.dist.runtime.Step;
import dev.damselfly.peer.proxy.ProxyConfig;
import dev.damselfly.peer.proxy.Upstream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.Inet6Address;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// `damselfly runtime`: writes the configuration of a container runtime, or takes it back.
final class RuntimeCommand {
  private static final String USUAL_MIRROR = "http://127.0.0.1:65001";
  private static final int MAX_REGISTRIES = 64;

  private final Flags flags;
  private final PrintStream out;

  RuntimeCommand(Flags flags, PrintStream out) {
    this.flags = flags;
    this.out = out;
  }

  ExitCode run() throws CommandFailed {
    ContainerRuntime runtime = runtime();
    List<String> modes = Stream.of("dry-run", "write", "undo").filter(flags::on).toList();
    if (modes.size() != 1) {
      throw usage("one of --dry-run, --write, --undo is required");
    }
    Path directory = directory(runtime);
    try {
      run(modes.getFirst(), runtime, directory);
      return ExitCode.OK;
    } catch (InvalidValue e) {
      throw usage("--registry: " + e.rule());
    } catch (Conflict e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "nothing was changed:\n  " + String.join("\n  ", e.problems()));
    } catch (UnsafeFile e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, directory + ": " + e.getMessage());
    } catch (NoSuchFileException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, directory + ": the directory that it shall be made in does not exist");
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, directory + ": could not be changed; run the same command again");
    }
  }

  private void run(String mode, ContainerRuntime runtime, Path directory) throws CommandFailed, IOException, Conflict {
    var files = new MirrorFiles(runtime, directory);
    if (mode.equals("undo")) {
      if (Stream.of("registry", "mirror", "config").anyMatch(name -> flags.text(name).isPresent())) {
        throw usage("--undo takes back everything in the directory: no --registry, --mirror, --config");
      }
      List<Step> done = files.undo();
      report(done);
      if (done.isEmpty()) {
        out.println("nothing to take back in " + directory);
      }
      return;
    }
    Optional<ProxyConfig> proxy = proxy();
    Origin mirror = mirror(proxy);
    List<MirroredRegistry> registries = registries(runtime, proxy);
    if (mode.equals("write")) {
      report(files.write(mirror, registries));
    } else {
      for (Step step : files.preview(mirror, registries)) {
        out.println(step.path() + "  " + step.act().meaning());
        step.text().lines().forEach(line -> out.println("  | " + line));
      }
    }
    for (Path other : files.shadowed(registries)) {
      out.println("warning: " + other + " is for the same registry; " + runtime.word() + " does not read it while ours is there");
    }
  }

  private void report(List<Step> steps) {
    steps.forEach(step -> out.println(step.path() + "  " + step.act().meaning()));
  }

  private ContainerRuntime runtime() throws CommandFailed {
    List<String> words = flags.words();
    if (words.size() != 1) {
      throw usage("name one runtime: containerd, cri-o or podman");
    }
    return ContainerRuntime.named(words.getFirst()).orElseThrow(() -> usage("the runtime must be containerd, cri-o or podman"));
  }

  private Path directory(ContainerRuntime runtime) throws CommandFailed {
    try {
      return flags.text("dir").map(Path::of).orElse(runtime.directory()).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw usage("--dir: must be a path");
    }
  }

  private Origin mirror(Optional<ProxyConfig> proxy) throws CommandFailed {
    var named = flags.text("mirror");
    if (named.isEmpty() && proxy.isPresent()) {
      var listen = proxy.get().listen();
      if (listen.getPort() == 0) {
        throw usage("--mirror: is required when peer.proxy.listen has port 0");
      }
      String host = listen.getAddress() instanceof Inet6Address ? "[::1]" : IpLiteral.text(listen.getAddress());
      return of("peer.proxy.listen", "http://" + host + ":" + listen.getPort(), Origin::ofMirror);
    }
    return of("--mirror", named.orElse(USUAL_MIRROR), Origin::ofMirror);
  }

  private List<MirroredRegistry> registries(ContainerRuntime runtime, Optional<ProxyConfig> proxy) throws CommandFailed {
    var registries = new ArrayList<MirroredRegistry>();
    for (String text : flags.all("registry")) {
      registries.add(of("--registry", text, MirroredRegistry::of));
    }
    if (registries.size() > MAX_REGISTRIES) {
      throw usage("--registry: at most " + MAX_REGISTRIES);
    }
    if (proxy.isPresent()) {
      List<MirroredRegistry> served = served(runtime, proxy.get());
      for (MirroredRegistry one : registries) {
        if (served.stream().noneMatch(other -> other.name().equals(one.name()))) {
          throw usage("--registry: must be one that the mirror of --config serves to " + runtime.word());
        }
      }
      registries = registries.isEmpty() ? new ArrayList<>(served) : registries;
    }
    if (registries.isEmpty()) {
      throw usage("--registry: at least one is required, or --config with a mirror for " + runtime.word());
    }
    return registries;
  }

  /// Those that requests of this runtime can reach: without a name in them, only the default one.
  private static List<MirroredRegistry> served(ContainerRuntime runtime, ProxyConfig proxy) throws CommandFailed {
    var served = new ArrayList<MirroredRegistry>();
    for (Upstream upstream : proxy.upstreams()) {
      if (runtime.tellsRegistriesApart() || upstream.standard() || proxy.upstreams().size() == 1) {
        var name = of("peer.proxy.upstreams.name", upstream.name(), RegistryName::new);
        served.add(new MirroredRegistry(name, of("peer.proxy.upstreams.url", upstream.url(), Origin::of)));
      }
    }
    return served;
  }

  private Optional<ProxyConfig> proxy() throws CommandFailed {
    var file = flags.text("config");
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(Path.of(file.get()))) {
      ConfigReader root = ConfigReader.parse(in.readNBytes(ConfigReader.MAX_BYTES + 1));
      var proxy = ProxyConfig.outline(root.section("peer"), LegacyConfig::address);
      root.finishPart();
      if (proxy.isEmpty()) {
        throw usage("peer.proxy: is required in the file of --config: without it the peer has no mirror");
      }
      return proxy;
    } catch (ConfigProblems e) {
      throw usage("the configuration cannot be used:\n  " + String.join("\n  ", e.problems()));
    } catch (IOException | InvalidPathException e) {
      throw usage("the configuration file cannot be read: " + file.get());
    }
  }

  private static <T> T of(String field, String text, Function<String, T> value) throws CommandFailed {
    try {
      return value.apply(text);
    } catch (InvalidValue e) {
      throw usage(field + ": " + e.rule());
    }
  }

  private static CommandFailed usage(String text) {
    return new CommandFailed(ExitCode.USAGE, text);
  }
}
