package dev.damselfly.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// All targets; and the small main that `fuzz/run` asks.
public final class Targets {
  private Targets() {}

  public static List<Target> all() {
    return List.of(
        new PieceFramesFuzz(), new LocalProtocolFuzz(), new UrlFuzz(), new RangeFuzz(), new SpiffeIdFuzz(), new CertificateFuzz(),
        new ConfigFuzz(), new AuditFuzz(), new MessageFuzz(),
        new RingFuzz(), new IdsFuzz(), new GrantFuzz(), new SchedulerSwarmFuzz(), new SetsFuzz(),
        new DownloadSessionFuzz(), new UploadSessionFuzz(), new LegacySessionFuzz(), new LegacyParentFuzz(), new StoreRecoveryFuzz(),
        new SchedulerUnaryFuzz(), new AnnouncePeerFuzz(), new JoinStreamFuzz(), new UploadRpcFuzz(), new LocalServiceFuzz(),
        new ToolsRpcFuzz(),
        new ManagerRpcFuzz(), new TextValuesFuzz(), new RafsFuzz(), new ChunkFuzz(),
        new LayerFuzz(), new ProxyRequestFuzz(), new BlockListFuzz(), new LazyImageFuzz(), new MountedTreeFuzz(), new RedirectFuzz());
  }

  /// `list` prints name, class and oracle; `seeds CLASS DIRECTORY` writes the seeds of a target; `replay CLASS` runs them
  /// and ends with an error when one is a finding. By class, so that the other targets need not be made.
  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    if (args.length == 3 && args[0].equals("seeds")) {
      Path directory = Files.createDirectories(Path.of(args[2]));
      int i = 0;
      for (byte[] seed : made(args[1]).seeds()) {
        Files.write(directory.resolve("seed-" + i++), seed);
      }
      return;
    }
    if (args.length == 2 && args[0].equals("replay")) {
      Target target = made(args[1]);
      target.seeds().forEach(target::run);
      System.exit(0); // whatever threads the target left
    }
    for (Target target : all()) {
      System.out.printf("%-16s %-40s %s%n", target.name(), target.getClass().getName(), target.oracle());
    }
  }

  private static Target made(String type) throws ReflectiveOperationException {
    return Class.forName(type).asSubclass(Target.class).getDeclaredConstructor().newInstance();
  }
}
