package dev.damselfly.bench.raw;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// Both ends of the raw rival, each a process.
///
/// `server CERT KEY PORT FILE` says `ready on port N`; `client CERT KEY PORT SIZE drop|FILE ROUNDS` prints one line of
/// JSON per round. The certificate must name 127.0.0.1; both ends use it and trust it alone.
public final class RawTls {
  private RawTls() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Path cert = Path.of(args[1]);
    Path key = Path.of(args[2]);
    int port = Integer.parseInt(args[3]);
    if (args[0].equals("server")) {
      var builder = SslContextBuilder.forServer(cert.toFile(), key.toFile()).clientAuth(ClientAuth.REQUIRE);
      RawServer.run(context(builder, cert), port, Path.of(args[4]));
      return;
    }
    var tls = context(SslContextBuilder.forClient().keyManager(cert.toFile(), key.toFile()), cert);
    long size = Long.parseLong(args[4]);
    for (int round = 0; round < Integer.parseInt(args[6]); round++) {
      System.out.printf(Locale.ROOT, "{\"seconds\": %.4f}%n", round(tls, port, size, args[5]));
    }
  }

  private static double round(SslContext tls, int port, long size, String target) throws IOException, InterruptedException {
    if (target.equals("drop")) {
      return RawClient.run(tls, port, size, new Sink.Drop());
    }
    try (var sink = new Sink.HashAndWrite(Path.of(target))) {
      return RawClient.run(tls, port, size, sink);
    }
  }

  private static SslContext context(SslContextBuilder builder, Path trusted) throws IOException {
    return builder.sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3").trustManager(trusted.toFile()).build();
  }
}
