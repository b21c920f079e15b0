package dev.damselfly.peer.testing;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.upload.GrantKeys;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Signs grants as a scheduler does: valid by default, one change per test.
public final class GrantMint implements GrantKeys {
  public static final String KEY_ID = "k1";
  private final SpiffeId scheduler;
  private final InstantSource clock;
  private final KeyPair keys;

  public GrantMint(SpiffeId scheduler, InstantSource clock) {
    this.scheduler = scheduler;
    this.clock = clock;
    try {
      this.keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Optional<PublicKey> find(SpiffeId of, String keyId) {
    return of.equals(scheduler) && keyId.equals(KEY_ID) ? Optional.of(keys.getPublic()) : Optional.empty();
  }

  /// What grants are checked with.
  public PublicKey publicKey() {
    return keys.getPublic();
  }

  /// What a good grant says; ten minutes long.
  public GrantClaims.Builder claims(TaskId task, SpiffeId child, SpiffeId parent) {
    long now = clock.instant().getEpochSecond();
    return GrantClaims.newBuilder()
        .setSchedulerSpiffeId(scheduler.toString())
        .setCluster("c1")
        .setTaskId(task.value())
        .setChildSpiffeId(child.toString())
        .addParentSpiffeIds(parent.toString())
        .setNotBeforeSeconds(now)
        .setExpiresAtSeconds(now + Duration.ofMinutes(10).toSeconds())
        .setNonce(ByteString.copyFromUtf8("nonce-nonce-nonce"));
  }

  public ByteString grant(TaskId task, SpiffeId child, SpiffeId parent) {
    return sign(claims(task, child, parent).build());
  }

  public ByteString sign(GrantClaims claims) {
    return sign(claims, grant -> grant);
  }

  /// @param change what is done to the grant after it was signed
  public ByteString sign(GrantClaims claims, UnaryOperator<Grant.Builder> change) {
    try {
      var signer = Signature.getInstance("Ed25519");
      signer.initSign(keys.getPrivate());
      signer.update("damselfly-grant-v1\n".getBytes(StandardCharsets.US_ASCII));
      signer.update(claims.toByteArray());
      var grant =
          Grant.newBuilder()
              .setClaims(claims.toByteString())
              .setKeyId(KEY_ID)
              .setSignature(ByteString.copyFrom(signer.sign()));
      return change.apply(grant).build().toByteString();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
