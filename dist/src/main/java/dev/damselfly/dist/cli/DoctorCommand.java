package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// `damselfly doctor`: one line per check: ok, warn or fail, and what to do.
final class DoctorCommand {
  private static final Instant BUILT = Instant.parse("2026-11-01T00:00:00Z");
  private static final long LOW_SPACE = 5L << 30;

  private final Daemon daemon;
  private final PrintStream out;
  private boolean failed;

  DoctorCommand(Daemon daemon, PrintStream out) {
    this.daemon = daemon;
    this.out = out;
  }

  ExitCode run() {
    java();
    natives();
    clock();
    stateDirectory();
    daemon();
    return failed ? ExitCode.FAILED : ExitCode.OK;
  }

  private void java() {
    int version = Runtime.version().feature();
    line(version == 25 ? "ok" : "fail", "java", "version " + version + (version == 25 ? "" : "; a JDK 25 is needed, set JAVA_HOME"));
  }

  private void natives() {
    boolean boring = OpenSsl.isAvailable();
    line(boring ? "ok" : "warn", "tls", boring ? OpenSsl.versionString() : "no native TLS for this machine; the JDK's is used, slower");
  }

  private void clock() {
    boolean sane = Instant.now().isAfter(BUILT) && Instant.now().isBefore(BUILT.plus(3650, ChronoUnit.DAYS));
    line(sane ? "ok" : "fail", "clock", sane ? Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()
        : "the clock is far off; certificates will be refused until it is set");
  }

  private void stateDirectory() {
    Path path = daemon.state().path();
    try {
      if (!Files.exists(path)) {
        line("ok", "state", path + " will be made by the first get");
        return;
      }
      daemon.state().prepared();
      long free = Files.getFileStore(path).getUsableSpace();
      line(free > LOW_SPACE ? "ok" : "warn", "state", path + ", " + Sizes.bytes(free) + " free");
    } catch (IOException e) {
      line("fail", "state", String.valueOf(e.getMessage()));
    }
  }

  private void daemon() {
    var running = daemon.tryConnect();
    if (running.isEmpty()) {
      line("warn", "daemon", "none is running; `damselfly up` or the first get starts one");
      return;
    }
    try (var connection = running.get()) {
      connection.send(LocalRequest.newBuilder().setStatus(StatusRequest.getDefaultInstance()));
      LocalReply reply = connection.receive();
      for (StatusReply.Component c : reply.getStatus().getComponentsList()) {
        line(c.getHealth().equals("ok") ? "ok" : "fail", c.getRole(),
            (c.getSpiffeId().isEmpty() ? c.getAddress() : c.getSpiffeId()) + (c.getDetail().isEmpty() ? "" : ": " + c.getDetail()));
      }
    } catch (IOException e) {
      line("fail", "daemon", "it does not answer; see " + daemon.state().log());
    }
  }

  private void line(String verdict, String subject, String text) {
    failed |= verdict.equals("fail");
    out.printf("%-5s %-10s %s%n", verdict, subject, text);
  }
}
