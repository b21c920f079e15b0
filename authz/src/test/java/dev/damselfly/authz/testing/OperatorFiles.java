package dev.damselfly.authz.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.legacy.LegacyConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;

/// Certificates of an operator's own in the files of a legacy listener: usable, until a test writes another one.
public final class OperatorFiles {
  public final TestCa ca = TestCa.root("operator.test");
  private final Path folder;

  public OperatorFiles(Path folder) throws IOException {
    this.folder = folder;
    server(server -> server);
    authorities(ca.der());
  }

  /// A certificate of the authority with no URI in it.
  public TestSvid plain(UnaryOperator<CertificateSpec> change) {
    return ca.svidOf("urn:none", spec -> change.apply(spec.noUris()));
  }

  /// Certificate and key of the listener; starts with the address of loopback.
  public void server(UnaryOperator<CertificateSpec> change) throws IOException {
    TestSvid own = plain(spec -> change.apply(spec.ip("127.0.0.1")));
    certificate(own.chainDer());
    key(own.key().getEncoded());
  }

  public void certificate(List<byte[]> chain) throws IOException {
    write("chain.pem", pem("CERTIFICATE", chain), "rw-r--r--");
  }

  public void key(byte[] pkcs8) throws IOException {
    write("key.pem", pem("PRIVATE KEY", List.of(pkcs8)), "rw-------");
  }

  public void authorities(byte[]... ders) throws IOException {
    write("clients.pem", pem("CERTIFICATE", List.of(ders)), "rw-r--r--");
  }

  public Path write(String name, String content, String mode) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return file;
  }

  public static String pem(String label, List<byte[]> ders) {
    var text = new StringBuilder();
    for (byte[] der : ders) {
      text.append("-----BEGIN ").append(label).append("-----\n");
      text.append(Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der));
      text.append("\n-----END ").append(label).append("-----\n");
    }
    return text.toString();
  }

  /// The key `tls` with its value.
  public String tls() {
    return "tls: {certificate: '%1$s/chain.pem', key: '%1$s/key.pem', client-ca: '%1$s/clients.pem'}".formatted(folder);
  }

  /// A listener on a free port of loopback, dialled by its address.
  ///
  /// @param more keys of the section `legacy`
  public LegacyConfig listener(String more) throws ConfigProblems {
    var root = ConfigReader.parse("listen: '127.0.0.1:0'\n%s\n%s".formatted(tls(), more).getBytes(UTF_8));
    var config = LegacyConfig.section(root, InetAddress.ofLiteral("127.0.0.1"));
    root.finish();
    return config;
  }
}
