package dev.damselfly.authz.legacy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.testing.CertificateSpec;
import dev.damselfly.authz.testing.OperatorFiles;
import dev.damselfly.authz.testing.TestCa;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class LegacyCertificatesTest {
  @TempDir private Path folder;
  private OperatorFiles files;

  @BeforeEach
  void write() throws Exception {
    files = new OperatorFiles(folder);
  }

  private void refused(String key, String rule) {
    assertThatThrownBy(() -> files.listener(""))
        .isInstanceOf(ConfigProblems.class)
        .hasMessageContaining("tls." + key + ": ")
        .hasMessageContaining(rule);
  }

  @Test
  void usableFiles_areRead_andTheKeyHasNoPrintableForm() throws Exception {
    var own = files.listener("").tls().orElseThrow();

    assertThat(own.chain()).hasSize(1);
    assertThat(own.authorities()).hasSize(1);
    assertThat(own.toString()).startsWith("LegacyCertificates[until ");
  }

  @Test
  void rsaKeyAndChainWithAnIntermediate_areRead() throws Exception {
    var between = files.ca.intermediate(spec -> spec);
    var key = CertificateSpec.newRsaKey(2048);
    var own = between.svidOf("urn:none", spec -> spec.noUris().ip("127.0.0.1").key(key));
    files.certificate(own.chainDer());
    files.key(own.key().getEncoded());

    assertThat(files.listener("").tls().orElseThrow().chain()).hasSize(2);
  }

  @Test
  @Threat("S-LEG-7")
  void sectionThatIsNotWhole_stopsTheStart() {
    for (String yaml :
        List.of(
            "tls: {}",
            "tls: false",
            files.tls().replace("client-ca", "ca"),
            files.tls().replace("key:", "keys:"),
            files.tls().replace("certificate:", "cert:"),
            files.tls().replace("}", ", required: false}"))) {
      assertThatThrownBy(() -> read(yaml)).isInstanceOf(ConfigProblems.class).hasMessageContaining("tls");
    }
  }

  private static void read(String yaml) throws ConfigProblems {
    var root = ConfigReader.parse(("legacy: {listen: '127.0.0.1:0', " + yaml + "}").getBytes(UTF_8));
    LegacyConfig.read(root, InetAddress.getLoopbackAddress());
    root.finish();
  }

  @Test
  @Threat("S-LEG-7")
  void listenerThatNeverSpeaksTls_hasNoSuchKey() throws Exception {
    var root = ConfigReader.parse(("listen: '127.0.0.1:0'\n" + files.tls()).getBytes(UTF_8));
    LegacyConfig.section(root);

    assertThatThrownBy(root::finish).hasMessageContaining("tls: unknown key");
  }

  @Test
  @Threat("S-LEG-7")
  void keyThatOthersMayRead_isRefused() throws Exception {
    Files.setPosixFilePermissions(folder.resolve("key.pem"), PosixFilePermissions.fromString("rw-r--r--"));

    refused("key", "must be closed to others");
  }

  @Test
  @Threat("S-LEG-7")
  void authoritiesThatOthersMayWrite_areRefused() throws Exception {
    Files.setPosixFilePermissions(folder.resolve("clients.pem"), PosixFilePermissions.fromString("rw-rw-r--"));

    refused("client-ca", "must not be writable by others");
  }

  @Test
  void fileThatIsNotThere_isRefused() throws Exception {
    Files.delete(folder.resolve("clients.pem"));

    refused("client-ca", "cannot be read");
  }

  @Test
  @Threat("S-LEG-7")
  void linkInPlaceOfTheKey_isRefused() throws Exception {
    Files.move(folder.resolve("key.pem"), folder.resolve("other.pem"));
    Files.createSymbolicLink(folder.resolve("key.pem"), folder.resolve("other.pem"));

    refused("key", "not a link");
  }

  @Test
  void keyOfAnotherCertificate_isRefused() throws Exception {
    files.key(files.plain(spec -> spec).key().getEncoded());

    refused("key", "must hold the PKCS#8 key of the first certificate");
  }

  @Test
  void keyOfAnotherForm_isRefused_andIsNotPrinted() throws Exception {
    files.write("key.pem", OperatorFiles.pem("EC PRIVATE KEY", List.of(new byte[] {1})), "rw-------");
    refused("key", "of the kind PRIVATE KEY only");

    files.key(new byte[] {1, 2, 3});
    refused("key", "must hold the PKCS#8 key");
  }

  @Test
  @Threat("S-LEG-7")
  void certificateWithoutTheDialledAddress_isRefused_andTheRuleNamesIt() throws Exception {
    String rule = "must carry 127.0.0.1, which callers dial, as subjectAltName of type iPAddress";
    var otherAddress = files.plain(spec -> spec.ip("127.0.0.2").dns("127.0.0.1"));
    files.certificate(otherAddress.chainDer());
    refused("certificate", rule);

    files.certificate(files.plain(spec -> spec).chainDer());
    refused("certificate", rule);
  }

  @Test
  void certificateOfAnotherPurpose_isRefused() throws Exception {
    files.server(spec -> spec.purposes(KeyPurposeId.id_kp_clientAuth));
    refused("certificate", "that of a server");

    files.server(spec -> spec.ca(true));
    refused("certificate", "that of a server");
  }

  @Test
  void weakKey_isRefused() throws Exception {
    files.server(spec -> spec.key(CertificateSpec.newRsaKey(1024)));

    refused("certificate", "RSA key of 2048 bits");
  }

  @Test
  void certificatesThatAreNotValidNow_areRefused() throws Exception {
    var now = Instant.now();
    files.server(spec -> spec.validity(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1))));
    refused("certificate", "must be valid now");

    files.server(spec -> spec.validity(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2))));
    refused("certificate", "must be valid now");
  }

  @Test
  void chainThatDoesNotHang_isRefused() throws Exception {
    var own = files.plain(spec -> spec.ip("127.0.0.1"));
    files.certificate(List.of(own.leafDer(), TestCa.root("other.test").der()));

    refused("certificate", "signed by the one after it");
  }

  @Test
  @Threat("S-LEG-7")
  void authorityThatIsNone_isRefused() throws Exception {
    files.authorities(files.ca.der(), files.plain(spec -> spec).leafDer());

    refused("client-ca", "must be that of an authority");
  }

  @Test
  void authorityThatHasEnded_isRefused() throws Exception {
    var past = TestCa.root("operator.test", () -> Instant.now().minus(Duration.ofDays(9000)));
    files.authorities(past.der());

    refused("client-ca", "must be valid now");
  }

  @Test
  void textThatIsNotPem_isRefused() throws Exception {
    for (String text :
        List.of(
            "",
            "-----BEGIN CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            OperatorFiles.pem("CERTIFICATE", List.of(new byte[] {1})),
            OperatorFiles.pem("CERTIFICATE", List.of(files.ca.der())).repeat(17),
            OperatorFiles.pem("PRIVATE KEY", List.of(new byte[] {1})))) {
      files.write("clients.pem", text, "rw-r--r--");
      refused("client-ca", "PEM block");
    }
  }
}
