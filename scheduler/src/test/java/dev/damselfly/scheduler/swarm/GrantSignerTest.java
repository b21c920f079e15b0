package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.api.wire.damselfly.v1.GrantKey;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.time.ManualTimer;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class GrantSignerTest {
  private static final TaskId TASK = new TaskId("a".repeat(64));
  private static final SpiffeId SELF = SpiffeId.parse("spiffe://test/damselfly/scheduler/1/s");
  private static final SpiffeId CHILD = SpiffeId.parse("spiffe://test/damselfly/peer/1/c");
  private static final SpiffeId PARENT = SpiffeId.parse("spiffe://test/damselfly/peer/1/p");
  private static final Duration TTL = Duration.ofMinutes(10);
  private static final Duration ROTATION = Duration.ofDays(1);

  private final ManualTimer clock = new ManualTimer();
  private final GrantSigner signer = new GrantSigner(() -> SELF, "1", TTL, ROTATION, clock);

  private Grant sign() {
    return signer.sign(TASK, false, CHILD, List.of(PARENT));
  }

  private Optional<GrantKey> key(Grant grant) {
    return signer.keys().getKeysList().stream().filter(key -> key.getKeyId().equals(grant.getKeyId())).findFirst();
  }

  /// Verification written out, from the listed key and the domain text alone.
  private static boolean verifies(GrantKey key, ByteString claims, Grant grant, String domain) throws Exception {
    var verifier = Signature.getInstance("Ed25519");
    verifier.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key.getSpki().toByteArray())));
    verifier.update(domain.getBytes(StandardCharsets.US_ASCII));
    verifier.update(claims.toByteArray());
    return verifier.verify(grant.getSignature().toByteArray());
  }

  @Test
  @Threat("S-VTX-6")
  void grant_saysWhoMayFetchWhatFromWhomAndHowLong() throws Exception {
    Grant grant = signer.sign(TASK, true, CHILD, List.of(PARENT, SELF));

    var claims = GrantClaims.parseFrom(grant.getClaims());
    long now = clock.instant().getEpochSecond();
    assertThat(claims.getSchedulerSpiffeId()).isEqualTo(SELF.toString());
    assertThat(claims.getCluster()).isEqualTo("1");
    assertThat(claims.getTaskId()).isEqualTo(TASK.value());
    assertThat(claims.getChildSpiffeId()).isEqualTo(CHILD.toString());
    assertThat(claims.getParentSpiffeIdsList()).containsExactly(PARENT.toString(), SELF.toString());
    assertThat(claims.getRestricted()).isTrue();
    assertThat(claims.getNotBeforeSeconds()).isEqualTo(now - 30);
    assertThat(claims.getExpiresAtSeconds()).isEqualTo(now + TTL.toSeconds());
    assertThat(claims.getNonce().size()).isEqualTo(16);
  }

  @Test
  @Threat({"S-VTX-6", "F-33"})
  void signature_coversDomainAndEveryByteOfTheClaims() throws Exception {
    Grant grant = sign();
    GrantKey key = key(grant).orElseThrow();

    assertThat(verifies(key, grant.getClaims(), grant, "damselfly-grant-v1\n")).isTrue();
    assertThat(verifies(key, grant.getClaims(), grant, "damselfly-other-v1\n")).isFalse();
    for (int i = 0; i < grant.getClaims().size(); i++) {
      byte[] changed = grant.getClaims().toByteArray();
      changed[i] ^= 1;
      assertThat(verifies(key, ByteString.copyFrom(changed), grant, "damselfly-grant-v1\n")).as("byte %d", i).isFalse();
    }
  }

  /// A key that stands in the program, or comes out of it again, is everybody's.
  @Test
  @Threat("CVE-2023-27584")
  void signers_haveKeysThatNobodyElseHas() throws Exception {
    var other = new GrantSigner(() -> SELF, "1", TTL, ROTATION, clock);
    Grant grant = sign();

    GrantKey foreign = other.keys().getKeys(0);

    assertThat(foreign.getKeyId()).isNotEqualTo(grant.getKeyId());
    assertThat(verifies(foreign, grant.getClaims(), grant, "damselfly-grant-v1\n")).isFalse();
  }

  @Test
  void grants_areNeverTheSameTwice() throws Exception {
    var nonces = new HashSet<ByteString>();
    for (int i = 0; i < 50; i++) {
      nonces.add(GrantClaims.parseFrom(sign().getClaims()).getNonce());
    }

    assertThat(nonces).hasSize(50);
  }

  @Test
  void key_isReplacedAfterItsTimeAndListedWhileAGrantUnderItLives() {
    Grant old = sign();
    clock.advance(ROTATION.minusSeconds(1));
    Grant last = sign();

    clock.advance(Duration.ofSeconds(1));
    Grant fresh = sign();
    var listed = signer.keys().getKeysList();
    clock.advance(TTL.minusSeconds(1));
    var whileLastLives = key(last);
    clock.advance(Duration.ofMinutes(2));

    assertThat(last.getKeyId()).isEqualTo(old.getKeyId());
    assertThat(fresh.getKeyId()).isNotEqualTo(old.getKeyId());
    assertThat(listed).extracting(GrantKey::getKeyId).containsExactly(fresh.getKeyId(), old.getKeyId());
    assertThat(whileLastLives).isPresent();
    assertThat(key(last)).isEmpty();
    assertThat(key(fresh)).isPresent();
  }

  @Test
  void keys_areThereBeforeTheFirstGrant() {
    var listed = signer.keys().getKeysList();

    assertThat(listed).hasSize(1);
    assertThat(sign().getKeyId()).isEqualTo(listed.getFirst().getKeyId());
    assertThat(listed.getFirst().getNotAfter().getSeconds())
        .isEqualTo(clock.instant().plus(ROTATION).plus(TTL).plusSeconds(30).getEpochSecond());
  }
}
