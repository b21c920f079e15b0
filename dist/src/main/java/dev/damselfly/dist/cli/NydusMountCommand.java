package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.LazyChunks;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.LazyFiles;
import dev.damselfly.dist.lazy.Prefetch;
import dev.damselfly.dist.mount.ImageMount;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// `damselfly nydus mount IMAGE DIR`: in the foreground, until it is interrupted or somebody unmounts.
final class NydusMountCommand {
  private static final int MOST_COMPLAINTS = 20;
  private static final long PATIENCE_SECONDS = 10;

  private final PrintStream out;
  private final Prefetch.What prefetch;
  private final long budget;
  private int complaints;

  /// @param prefetch what is fetched before anybody asks
  /// @param budget bytes of that, at most
  NydusMountCommand(PrintStream out, Prefetch.What prefetch, long budget) {
    this.out = out;
    this.prefetch = prefetch;
    this.budget = budget;
  }

  ExitCode run(RemoteImage source, Path directory, boolean others) throws LazyFailed {
    var done = new CountDownLatch(1);
    Path where = real(directory);
    try (LazyChunks chunks = source.chunks();
        ImageMount mount = ImageMount.open(new LazyFiles(source.image(), chunks, this::complain), where, others)) {
      var hook = new Thread(() -> unmount(mount, where, done), "unmount");
      Runtime.getRuntime().addShutdownHook(hook);
      out.println("mounted at " + where + "; Ctrl-C or `fusermount3 -u` ends it. If this process is killed, "
          + ImageMount.cleaning(where));
      out.flush();
      try (Prefetch _ = Prefetch.start(source.image(), chunks, prefetch, budget, NydusMountCommand::ended)) {
        mount.await();
      }
      return ExitCode.OK;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.INTERRUPTED;
    } finally {
      done.countDown();
    }
  }

  private static Path real(Path directory) {
    Path plain = directory.toAbsolutePath().normalize();
    try {
      return plain.toRealPath();
    } catch (IOException e) {
      return plain; // the mount says what is wrong with it
    }
  }

  /// A signal: nothing stays mounted. Readers that hold files open keep it busy; then the way out is said.
  private static void unmount(ImageMount mount, Path where, CountDownLatch done) {
    try {
      mount.close();
      if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("damselfly: requests are still under way; " + ImageMount.cleaning(where));
      }
    } catch (LazyFailed e) {
      System.err.println("damselfly: " + e.text());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void ended(LazyFailed why) {
    System.err.println("damselfly: nothing more is fetched before somebody asks: " + why.text());
  }

  private synchronized void complain(LazyFailed failed) {
    if (complaints++ < MOST_COMPLAINTS) {
      System.err.println("damselfly: a read failed: " + failed.text());
    }
  }
}
