package dev.damselfly.scheduler.seed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.HuggingFace;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a seed is told of somebody's download.
@Threat("S-SCH-5")
class PublicDownloadTest {
  private static final Download WANTED =
      Download.newBuilder().setUrl("http://origin.test/file").setTag("t").putRequestHeader("accept", "*/*").build();

  @Test
  void seedReadsFromTheOrigin_whateverItsCallerWantsForItself() {
    Download told = PublicDownload.of(WANTED.toBuilder().setDisableBackToSource(true).build()).orElseThrow();

    assertThat(told.getDisableBackToSource()).isFalse();
    assertThat(told.getNeedBackToSource()).isTrue();
    assertThat(told.getUrl()).isEqualTo(WANTED.getUrl());
    assertThat(told.getTag()).isEqualTo("t");
  }

  @Test
  void localMatters_stayWithTheCaller() {
    Download told =
        PublicDownload.of(
                WANTED.toBuilder().setOutputPath("/home/u/file").setOverwrite(true).setForceHardLink(true).setRemoteIp("10.0.0.1").build())
            .orElseThrow();

    assertThat(told.hasOutputPath()).isFalse();
    assertThat(told.getOverwrite()).isFalse();
    assertThat(told.getForceHardLink()).isFalse();
    assertThat(told.hasRemoteIp()).isFalse();
  }

  @Test
  void wordsToAnUpstreamProxy_areNoCredentials_andGoNoFurther() {
    Download told =
        PublicDownload.of(
                WANTED.toBuilder()
                    .putRequestHeader("proxy-connection", "Keep-Alive")
                    .putRequestHeader("X-Dragonfly-Tag", "t")
                    .putRequestHeader("x-dragonfly-registry", "https://registry.test")
                    .putRequestHeader("x-dragonfly-output-path", "/home/u/file")
                    .build())
            .orElseThrow();

    assertThat(told.getRequestHeaderMap()).containsOnlyKeys("accept");
  }

  @Test
  void anythingThatCouldBeACredential_keepsTheSeedOut() {
    for (Download.Builder secret :
        List.of(
            WANTED.toBuilder().putRequestHeader("Authorization", "x"),
            WANTED.toBuilder().putRequestHeader("x-unknown", "x"),
            WANTED.toBuilder().putRequestHeader("x-dragonfly-unknown", "x"),
            WANTED.toBuilder().setObjectStorage(ObjectStorage.getDefaultInstance()),
            WANTED.toBuilder().setHuggingFace(HuggingFace.newBuilder().setToken("x")))) {
      assertThat(PublicDownload.of(secret.build())).isEmpty();
    }
  }
}
