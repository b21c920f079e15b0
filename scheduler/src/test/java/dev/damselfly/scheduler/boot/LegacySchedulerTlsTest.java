package dev.damselfly.scheduler.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.testing.OperatorFiles;
import dev.damselfly.authz.testing.RawClient;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A scheduler process for upstream programs with certificates of their operator's own.
@NullMarked
@Timeout(60)
class LegacySchedulerTlsTest {
  private static final String YAML = "{listen: '127.0.0.1:0', manager: 'm:1', advertise-ip: %s, legacy: {listen: '127.0.0.1:0', %s}}";

  @TempDir private Path folder;

  @Test
  void caller_isServedAsWithoutTls() throws Exception {
    var files = new OperatorFiles(folder);
    try (var scheduler = RunningScheduler.withLegacy(files.listener(""));
        var client = new RawClient()) {
      int port = scheduler.process.legacyServer().orElseThrow().port();
      var channel = client.checking(files.plain(spec -> spec), files.ca.der(), port);
      var request = StatTaskRequest.newBuilder().setHostId("127.0.0.1-peer-b").setTaskId("a".repeat(64)).build();

      var answer = RawClient.call(channel, SchedulerGrpc.getStatTaskMethod(), request);

      assertThat(GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()))).contains(Reason.TASK_UNKNOWN);
      channel.shutdownNow();
    }
  }

  @Test
  @Threat("S-LEG-7")
  void certificate_mustCarryTheAddressThatPeersAreTold() throws Exception {
    var files = new OperatorFiles(folder);
    var good = ConfigReader.parse(YAML.formatted("127.0.0.1", files.tls()).getBytes(UTF_8));
    var bad = ConfigReader.parse(YAML.formatted("127.0.0.2", files.tls()).getBytes(UTF_8));

    assertThat(SchedulerConfig.read(good).admission().legacy().orElseThrow().tls()).isPresent();
    SchedulerConfig.read(bad);

    assertThatCode(good::finish).doesNotThrowAnyException();
    assertThatThrownBy(bad::finish).hasMessageContaining("legacy.tls.certificate: the first certificate must carry 127.0.0.2");
  }
}
