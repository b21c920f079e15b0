package dev.damselfly.dist.real;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The registry of the distribution project over the images of another one, for those who bring a token; and the service that
/// gives tokens to [Registry#USER].
final class TokenRegistry implements AutoCloseable {
  private static final String SERVICE = "registry of the test";
  private static final String ISSUER = "issuer-of-the-test";
  private static final Duration LIFE = Duration.ofMinutes(5);

  private final HttpServer tokens;
  private final KeyPair keys;
  private final X509Certificate certificate;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> given = new CopyOnWriteArrayList<>();
  private final RegistryProcess process;

  private TokenRegistry(Path home, Path data) throws IOException, InterruptedException, GeneralSecurityException, OperatorCreationException {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    keys = generator.generateKeyPair();
    certificate = certificate(keys);
    tokens = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    tokens.createContext("/token", this::answer);
    tokens.start();
    Files.createDirectories(home);
    String pem = "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(certificate.getEncoded()) + "\n-----END CERTIFICATE-----\n";
    Path bundle = Files.writeString(home.resolve("issuer.pem"), pem);
    process =
        RegistryProcess.start(
            home,
            "127.0.0.1",
            """
            storage: {filesystem: {rootdirectory: %s}}
            auth: {token: {realm: "%s/token", service: "%s", issuer: "%s", rootcertbundle: %s}}
            """
                .formatted(data, realm(), SERVICE, ISSUER, bundle));
  }

  /// @param data directory of the registry that has the images
  static TokenRegistry start(Path home, Path data) throws Exception {
    return new TokenRegistry(home, data);
  }

  private static X509Certificate certificate(KeyPair keys) throws GeneralSecurityException, OperatorCreationException {
    var name = new X500Name("CN=" + ISSUER);
    Instant now = Instant.now();
    var builder =
        new JcaX509v3CertificateBuilder(
            name, BigInteger.ONE, Date.from(now.minus(LIFE)), Date.from(now.plus(Duration.ofDays(1))), name, keys.getPublic());
    return new JcaX509CertificateConverter().getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate())));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String who = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    asked.add(exchange.getRequestURI().getQuery());
    byte[] body;
    try {
      body = who.equals(Registry.authorization()) ? ascii("{\"token\":\"" + token(exchange.getRequestURI().getQuery()) + "\"}") : new byte[0];
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    exchange.sendResponseHeaders(body.length > 0 ? 200 : 401, body.length > 0 ? body.length : -1);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private String token(String query) throws GeneralSecurityException, IOException {
    String scope = query.substring(query.indexOf("scope=repository:") + "scope=repository:".length());
    var json = new ObjectMapper();
    long now = Instant.now().getEpochSecond();
    byte[] header =
        json.writeValueAsBytes(
            Map.of("typ", "JWT", "alg", "RS256", "x5c", List.of(Base64.getEncoder().encodeToString(certificate.getEncoded()))));
    byte[] claims =
        json.writeValueAsBytes(
            Map.of(
                "iss", ISSUER, "sub", Registry.USER, "aud", SERVICE, "exp", now + LIFE.toSeconds(), "nbf", now - 60, "iat", now, "jti",
                Long.toString(ThreadLocalRandom.current().nextLong()),
                "access", List.of(Map.of("type", "repository", "name", scope.substring(0, scope.lastIndexOf(':')), "actions", List.of("pull")))));
    String text = url(header) + "." + url(claims);
    var signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(keys.getPrivate());
    signature.update(ascii(text));
    String token = text + "." + url(signature.sign());
    given.add(token);
    return token;
  }

  private static String url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  String url() {
    return process.url();
  }

  /// Origin of the token service.
  String realm() {
    return "http://127.0.0.1:" + tokens.getAddress().getPort();
  }

  /// Queries of all requests for a token so far.
  List<String> asked() {
    return List.copyOf(asked);
  }

  /// All tokens so far.
  List<String> given() {
    return List.copyOf(given);
  }

  @Override
  public void close() {
    process.close();
    tokens.stop(0);
  }
}
