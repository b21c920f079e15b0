package dev.damselfly.peer.upload;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.api.wire.vortex.GrantFrame;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.RoleTemplate.Meaning;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.transfer.Grants;
import dev.damselfly.peer.upload.GrantVerdict.Denied;
import dev.damselfly.peer.upload.GrantVerdict.Granted;
import dev.damselfly.peer.upload.GrantVerdict.Why;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/// Decides whether the other end of a connection may fetch a task from this host (D4, S-VTX-6). Thread-safe; may
/// block on a key look-up.
///
/// Says nothing about what is stored: a grant for a task that is not here is judged like any other. Every denial is
/// audited with the identity of the connection, never with one that the grant claims.
public final class GrantVerifier {
  static final Duration LEEWAY = Duration.ofSeconds(30);
  private static final byte[] DOMAIN = "damselfly-grant-v1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int SIGNATURE_BYTES = 64;
  private static final int MAX_KEY_ID = 64;
  private static final int MAX_PARENTS = 20; // B-20
  private static final int MAX_NONCE = 64;
  private static final long MAX_LIFETIME_SECONDS = Duration.ofHours(24).toSeconds();
  private static final long MAX_EPOCH_SECONDS = 253_402_300_799L; // end of year 9999

  private final IdentitySource self;
  private final RoleTemplate roles;
  private final GrantKeys keys;
  private final InstantSource clock;
  private final Audit audit;

  public GrantVerifier(IdentitySource self, RoleTemplate roles, GrantKeys keys, InstantSource clock, Audit audit) {
    this.self = self;
    this.roles = roles;
    this.keys = keys;
    this.clock = clock;
    this.audit = audit;
  }

  /// @param grant serialized damselfly.v1.Grant, as received
  public GrantVerdict verify(ByteString grant, Caller caller) {
    GrantVerdict verdict = judge(grant, caller);
    if (verdict instanceof Denied denied) {
      deny(denied, caller, "");
    }
    return verdict;
  }

  /// The same for a grant that has to be for a task the caller named.
  public GrantVerdict verifyFor(TaskId task, ByteString grant, Caller caller) {
    GrantVerdict verdict = verify(grant, caller);
    if (verdict instanceof Granted granted && !granted.task().equals(task)) {
      return deny(new Denied(Why.OTHER_TASK), caller, "task:" + task);
    }
    return verdict;
  }

  /// Time until a verdict stops to count; zero or negative when it did.
  public Duration remaining(Granted granted) {
    return Duration.between(clock.instant(), granted.ends());
  }

  /// Records a refusal.
  Denied deny(Denied denied, Caller caller, String object) {
    audit.record(
        new AuditEvent(
            AuditAction.AUTHZ_DENY,
            caller.id().toString(),
            object,
            AuditEvent.Decision.DENY,
            "GRANT_" + denied.why().name(),
            caller.remote().toString(),
            Map.of()));
    return denied;
  }

  private GrantVerdict judge(ByteString bytes, Caller caller) {
    if (bytes.isEmpty() || bytes.size() > GrantFrame.MAX) {
      return new Denied(bytes.isEmpty() ? Why.MISSING : Why.TOO_LARGE);
    }
    try {
      var grant = Grant.parseFrom(bytes);
      if (!grant.getUnknownFields().asMap().isEmpty() || !grant.toByteString().equals(bytes)) {
        return new Denied(Why.MALFORMED); // one grant has one spelling: its id in the records stands for it
      }
      var claims = GrantClaims.parseFrom(grant.getClaims());
      Optional<Why> refusal = refusal(grant, claims, caller);
      if (refusal.isPresent()) {
        return new Denied(refusal.get());
      }
      var ends = Instant.ofEpochSecond(claims.getExpiresAtSeconds()).plus(LEEWAY);
      return new Granted(new TaskId(claims.getTaskId()), claims.getRestricted(), ends, Grants.shortId(bytes));
    } catch (InvalidProtocolBufferException | InvalidValue e) {
      return new Denied(Why.MALFORMED);
    }
  }

  /// Cheap checks first; nothing the claims say about parties or time is looked at before the signature holds.
  private Optional<Why> refusal(Grant grant, GrantClaims claims, Caller caller) {
    if (caller.role() != Role.PEER && caller.role() != Role.SEED_PEER) {
      return Optional.of(Why.CALLER_ROLE);
    }
    if (!wellFormed(grant, claims)) {
      return Optional.of(Why.MALFORMED);
    }
    var scheduler = SpiffeId.parse(claims.getSchedulerSpiffeId());
    Optional<Meaning> signer = roles.meaningOf(scheduler);
    Optional<String> cluster = ownCluster();
    if (signer.isEmpty() || signer.get().role() != Role.SCHEDULER || !signer.get().cluster().equals(cluster)) {
      return Optional.of(Why.SIGNER);
    }
    Optional<PublicKey> key = keys.find(scheduler, grant.getKeyId());
    if (key.isEmpty()) {
      return Optional.of(Why.UNKNOWN_KEY);
    }
    if (!signed(grant, key.get())) {
      return Optional.of(Why.SIGNATURE);
    }
    return parties(claims, caller, cluster).or(() -> time(claims));
  }

  private static boolean wellFormed(Grant grant, GrantClaims claims) {
    String keyId = grant.getKeyId();
    return grant.getSignature().size() == SIGNATURE_BYTES
        && !keyId.isEmpty()
        && keyId.length() <= MAX_KEY_ID
        && keyId.chars().allMatch(c -> c > ' ' && c < 0x7f)
        && claims.getParentSpiffeIdsCount() >= 1
        && claims.getParentSpiffeIdsCount() <= MAX_PARENTS
        && claims.getNonce().size() <= MAX_NONCE
        && inCalendar(claims.getNotBeforeSeconds())
        && inCalendar(claims.getExpiresAtSeconds());
  }

  private static boolean inCalendar(long epochSeconds) {
    return epochSeconds >= 0 && epochSeconds <= MAX_EPOCH_SECONDS;
  }

  private Optional<String> ownCluster() {
    return roles.meaningOf(self.current().id()).flatMap(Meaning::cluster);
  }

  private static boolean signed(Grant grant, PublicKey key) {
    try {
      var verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      verifier.update(DOMAIN);
      verifier.update(grant.getClaims().toByteArray());
      return verifier.verify(grant.getSignature().toByteArray());
    } catch (GeneralSecurityException e) {
      return false; // a key of another kind, or a signature that is no signature
    }
  }

  private Optional<Why> parties(GrantClaims claims, Caller caller, Optional<String> cluster) {
    if (!cluster.equals(Optional.of(claims.getCluster())) || !caller.cluster().equals(cluster)) {
      return Optional.of(Why.CLUSTER);
    }
    if (!claims.getChildSpiffeId().equals(caller.id().toString())) {
      return Optional.of(Why.OTHER_CHILD);
    }
    if (!claims.getParentSpiffeIdsList().contains(self.current().id().toString())) {
      return Optional.of(Why.OTHER_PARENT);
    }
    return Optional.empty();
  }

  private Optional<Why> time(GrantClaims claims) {
    long lifetime = claims.getExpiresAtSeconds() - claims.getNotBeforeSeconds();
    if (lifetime <= 0 || lifetime > MAX_LIFETIME_SECONDS) {
      return Optional.of(Why.LIFETIME);
    }
    Instant now = clock.instant();
    if (now.isBefore(Instant.ofEpochSecond(claims.getNotBeforeSeconds()).minus(LEEWAY))) {
      return Optional.of(Why.NOT_YET_VALID);
    }
    if (!now.isBefore(Instant.ofEpochSecond(claims.getExpiresAtSeconds()).plus(LEEWAY))) {
      return Optional.of(Why.EXPIRED);
    }
    return Optional.empty();
  }
}
