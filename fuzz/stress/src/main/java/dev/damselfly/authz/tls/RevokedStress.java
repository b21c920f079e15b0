package dev.damselfly.authz.tls;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.Verdict;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/// A handshake ends in the moment in which the authority that vouched for it is taken out of the bundles: the connection
/// is ended, by whoever comes second (L5).
@NullMarked
@JCStressTest
@Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "the connection was ended, and is not kept")
@Outcome(expect = FORBIDDEN, desc = "a connection of an authority that nobody trusts any more stays open")
@State
public class RevokedStress {
  private static final byte[] AUTHORITY = "stands for a certificate".getBytes(StandardCharsets.US_ASCII);
  private static final SpiffeId PEER = SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/alice");
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant END = NOW.plus(Duration.ofHours(1));
  private static final Verdict.Accepted ACCEPTED = new Verdict.Accepted(PEER, END, BundleSet.fingerprint(AUTHORITY));
  private static final IdentitySnapshot TRUSTING =
      new IdentitySnapshot(PEER, List.of(), key(), NOW, END, new BundleSet(Map.of(new TrustDomain("td.test"), List.of(AUTHORITY))), 1);
  private static final IdentitySnapshot REVOKED =
      new IdentitySnapshot(PEER, List.of(), TRUSTING.key(), NOW, END, new BundleSet(Map.of()), 2);

  private final Source source = new Source();
  private final ConnectionRegistry registry = new ConnectionRegistry(source, InstantSource.fixed(NOW));
  private final EmbeddedChannel channel = new EmbeddedChannel();

  private static final class Source implements IdentitySource {
    private volatile IdentitySnapshot current = TRUSTING;

    @Override
    public IdentitySnapshot current() {
      return current;
    }

    @Override
    public Subscription subscribe(Consumer<IdentitySnapshot> listener) {
      throw new UnsupportedOperationException("the test calls the registry itself");
    }

    @Override
    public void close() {}
  }

  private static PrivateKey key() {
    try {
      return KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has EC", e);
    }
  }

  @Actor
  public void handshake() {
    registry.register(channel, ACCEPTED);
  }

  @Actor
  public void revocation() {
    source.current = REVOKED;
    registry.sweep();
  }

  @Arbiter
  public void later(ZI_Result r) {
    channel.runPendingTasks();
    r.r1 = !channel.isOpen();
    r.r2 = registry.size();
  }
}
