package dev.damselfly.dist.daemon;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/// Loggers of libraries that write whole requests, with their credentials, at a fine level. They say no more than
/// warnings, whatever level a configuration of logging gives to what is above them.
final class TellingLoggers {
  /// Held, because the log manager forgets a logger that nobody holds, and its level with it.
  private static final List<Logger> HELD =
      Stream.of("org.apache.hc.client5.http.headers", "org.apache.hc.client5.http.wire", "io.grpc.netty.NettyServerHandler",
              "io.grpc.netty.NettyClientHandler")
          .map(Logger::getLogger)
          .toList();

  private TellingLoggers() {}

  /// Idempotent.
  static void silence() {
    HELD.forEach(logger -> logger.setLevel(Level.WARNING));
  }
}
