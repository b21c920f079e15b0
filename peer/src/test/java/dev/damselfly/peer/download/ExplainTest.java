package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.TestHost;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class ExplainTest {
  /// Every user of the daemon may ask; a signed URL is a credential of one of them.
  @Test
  @Threat("CVE-2026-49254")
  void answer_namesTheOriginWithoutWhatOpensIt(@TempDir Path directory) throws Exception {
    try (var host = new TestHost(TestCa.root("td.test"), "/damselfly/peer/c1/own", directory, InstantSource.system())) {
      StoredTask task = host.task("file?signature=opens-it#part", 10, false);
      TestHost.put(task, 0, ByteBuffer.allocate(10));

      var reply = new Explain(host.store).of(task.id().value());

      assertThat(reply.getUrl()).isEqualTo("http://origin.example/file");
      assertThat(reply.toString()).doesNotContain("opens-it");
    }
  }

  @Test
  void subject_thatIsNotHeldIsUnknown(@TempDir Path directory) throws Exception {
    try (var host = new TestHost(TestCa.root("td.test"), "/damselfly/peer/c1/own", directory, InstantSource.system())) {
      var explain = new Explain(host.store);

      for (String subject : new String[] {"", "0", "0".repeat(64), "/no/such/file", "../../etc/passwd"}) {
        assertThatThrownBy(() -> explain.of(subject)).as(subject).isInstanceOf(Refused.class);
      }
    }
  }
}
