package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.upload.GrantVerdict;
import dev.damselfly.peer.upload.GrantVerdict.Granted;
import dev.damselfly.peer.upload.GrantVerifier;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/// Grants: what is accepted says, field by field, that this child may fetch this task from this host now, under a
/// signature that a second implementation verifies; and of a good grant every single change is refused.
///
/// First byte: 0 bytes of the input are the grant; 1 a good grant with changes; 2 claims with changes, signed anew.
final class GrantFuzz implements Target {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final TaskId TASK = new TaskId("a".repeat(64));
  private static final TestCa CA = TestCa.root("test.example");
  private static final SpiffeId SCHEDULER = SpiffeId.parse("spiffe://test.example/damselfly/scheduler/c1/s");
  private static final SpiffeId CHILD = SpiffeId.parse("spiffe://test.example/damselfly/peer/c1/child");
  private static final SpiffeId OTHER = SpiffeId.parse("spiffe://test.example/damselfly/peer/c1/other");
  private static final FixedIdentity SELF = new FixedIdentity(CA.snapshot("/damselfly/peer/c1/parent"));
  private static final GrantMint MINT = new GrantMint(SCHEDULER, () -> NOW);
  private static final GrantVerifier VERIFIER =
      new GrantVerifier(SELF, new RoleTemplate(CA.trustDomain()), MINT, () -> NOW, _ -> {});
  private static final ByteString GOOD = MINT.grant(TASK, CHILD, self());
  private static final Caller CALLER =
      new Caller(CHILD, Role.PEER, Optional.of("c1"), "child", Instant.MAX, new InetSocketAddress("127.0.0.1", 4000));

  public static void fuzzerTestOneInput(byte[] input) {
    new GrantFuzz().run(input);
  }

  private static SpiffeId self() {
    return SELF.current().id();
  }

  @Override
  public void run(byte[] input) {
    var script = new Script(input);
    switch (script.next(3)) {
      case 0 -> {
        ByteString grant = ByteString.copyFrom(script.rest());
        Script.check(judge(grant) == grant.equals(GOOD), "a grant that nobody signed was accepted");
      }
      case 1 -> {
        ByteString changed = changed(script);
        boolean accepted = judge(changed);
        Script.check(accepted == changed.equals(GOOD), "a changed grant was accepted, or the good one refused");
      }
      default -> judge(MINT.sign(claims(script)));
    }
  }

  private static ByteString changed(Script script) {
    byte[] grant = GOOD.toByteArray();
    while (script.hasNext()) {
      int where = (script.next(256) << 8 | script.next(256)) % (grant.length + 1);
      int how = script.next(4);
      var out = new ByteArrayOutputStream();
      out.write(grant, 0, where);
      int skip = how == 2 ? 0 : Math.min(1, grant.length - where);
      if (how == 0 && skip == 1) {
        out.write(grant[where] ^ script.next(256));
      } else if (how == 1 || how == 2) {
        out.writeBytes(script.take(1 + script.next(8)));
      }
      out.write(grant, where + skip, grant.length - where - skip);
      grant = out.toByteArray();
      if (grant.length == 0) {
        break;
      }
    }
    return ByteString.copyFrom(grant);
  }

  private static final List<UnaryOperator<GrantClaims.Builder>> CHANGES =
      List.of(
          c -> c.setCluster("c2"),
          c -> c.setChildSpiffeId(OTHER.toString()),
          c -> c.clearParentSpiffeIds(),
          c -> c.addParentSpiffeIds(self().toString()),
          c -> c.addParentSpiffeIds(OTHER.toString()),
          c -> c.setTaskId("A".repeat(64)),
          c -> c.setTaskId("b".repeat(64)),
          c -> c.setSchedulerSpiffeId(OTHER.toString()),
          c -> c.setSchedulerSpiffeId("spiffe://test.example/damselfly/scheduler/c2/s"),
          c -> c.setSchedulerSpiffeId("spiffe://elsewhere/damselfly/scheduler/c1/s"),
          c -> c.setRestricted(true),
          c -> c.setNonce(ByteString.copyFrom(new byte[65])),
          c -> c.clearNonce(),
          c -> c.setNotBeforeSeconds(c.getNotBeforeSeconds() + 29),
          c -> c.setNotBeforeSeconds(c.getNotBeforeSeconds() + 1),
          c -> c.setNotBeforeSeconds(c.getNotBeforeSeconds() - 86_400),
          c -> c.setExpiresAtSeconds(c.getNotBeforeSeconds()),
          c -> c.setExpiresAtSeconds(c.getExpiresAtSeconds() - 300),
          c -> c.setExpiresAtSeconds(c.getExpiresAtSeconds() + 85_800),
          c -> c.setExpiresAtSeconds(Long.MAX_VALUE),
          c -> c.setNotBeforeSeconds(Long.MIN_VALUE),
          c -> c.setNotBeforeSeconds(-1));

  private static GrantClaims claims(Script script) {
    var claims = MINT.claims(TASK, CHILD, self());
    for (int i = 0; i < 16 && script.hasNext(); i++) {
      claims = CHANGES.get(script.next(CHANGES.size())).apply(claims);
    }
    return claims.build();
  }

  /// @return whether it was accepted
  private static boolean judge(ByteString grant) {
    GrantVerdict verdict = VERIFIER.verify(grant, CALLER);
    if (!(verdict instanceof Granted granted)) {
      Accepted.no();
      return false;
    }
    Accepted.yes();
    try {
      var outer = Grant.parseFrom(grant);
      requireSigned(outer);
      requireGood(GrantClaims.parseFrom(outer.getClaims()), granted);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("accepted what does not parse", e);
    }
    return true;
  }

  private static void requireSigned(Grant grant) {
    byte[] claims = grant.getClaims().toByteArray();
    byte[] domain = "damselfly-grant-v1\n".getBytes(StandardCharsets.US_ASCII);
    byte[] message = java.util.Arrays.copyOf(domain, domain.length + claims.length);
    System.arraycopy(claims, 0, message, domain.length, claims.length);
    byte[] spki = MINT.find(SCHEDULER, GrantMint.KEY_ID).orElseThrow().getEncoded();
    Script.check(grant.getKeyId().equals(GrantMint.KEY_ID), "accepted an unknown key");
    Script.check(grant.getSignature().size() == 64, "a signature has 64 bytes");
    byte[] signature = grant.getSignature().toByteArray();
    Script.check(Ed25519.verify(signature, 0, spki, spki.length - 32, message, 0, message.length), "accepted without a signature");
  }

  private static void requireGood(GrantClaims claims, Granted granted) {
    long now = NOW.getEpochSecond();
    Script.check(claims.getSchedulerSpiffeId().equals(SCHEDULER.toString()), "another signer");
    Script.check(claims.getCluster().equals("c1"), "another cluster");
    Script.check(claims.getChildSpiffeId().equals(CHILD.toString()), "another child");
    Script.check(claims.getParentSpiffeIdsList().contains(self().toString()), "another parent");
    Script.check(claims.getParentSpiffeIdsCount() <= 20, "too many parents");
    Script.check(claims.getTaskId().matches("[0-9a-f]{64}"), "no task");
    Script.check(claims.getNotBeforeSeconds() - 30 <= now, "not valid yet");
    Script.check(now < claims.getExpiresAtSeconds() + 30, "expired");
    Script.check(claims.getExpiresAtSeconds() - claims.getNotBeforeSeconds() <= 86_400, "lives too long");
    Script.check(granted.task().value().equals(claims.getTaskId()), "grants another task");
    Script.check(granted.restricted() == claims.getRestricted(), "grants another swarm");
    Script.check(granted.ends().getEpochSecond() == claims.getExpiresAtSeconds() + 30, "ends at another time");
  }

  @Override
  public int changesPerSeed() {
    return 20;
  }

  @Override
  public String name() {
    return "grant";
  }

  @Override
  public String oracle() {
    return "accepted: every field, time and signature hold by a second check; every change is refused";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(GrantVerifier.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < CHANGES.size(); i++) {
      seeds.add(new byte[] {2, (byte) i});
      seeds.add(new byte[] {2, (byte) i, 10});
    }
    for (int i = 0; i < 12; i++) {
      seeds.add(new byte[] {1, (byte) (i / 8), (byte) (i * 29), (byte) (i % 4), 3, 1, 2, 3});
    }
    for (String field : List.of("5001", "1200", "12026b31", "6200", "0a00", "1a00")) { // behind the grant: unknown, repeated
      byte[] more = java.util.HexFormat.of().parseHex(field);
      byte[] seed = {1, (byte) (GOOD.size() >> 8), (byte) GOOD.size(), 2, (byte) (more.length - 1)};
      seeds.add(ByteString.copyFrom(seed).concat(ByteString.copyFrom(more)).toByteArray());
      seeds.add(ByteString.copyFrom(new byte[] {0}).concat(GOOD).concat(ByteString.copyFrom(more)).toByteArray());
    }
    seeds.add(new byte[] {1});
    seeds.add(new byte[] {2});
    seeds.add(new byte[] {0});
    seeds.add(ByteString.copyFrom(new byte[] {0}).concat(GOOD).toByteArray());
    return seeds;
  }
}
