package dev.damselfly.authz.testing;

import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// One process of a test with everything it needs for TLS; keeps its refusals.
public final class TlsParty implements AutoCloseable, HandshakeListener {
  private final IdentitySource identity;
  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final BlockingQueue<Refusal> refusals = new LinkedBlockingQueue<>();

  public TlsParty(IdentitySource identity, RoleTemplate roles, InstantSource clock) {
    this.identity = identity;
    this.tls = new TlsContexts(identity, roles, clock, this);
    this.registry = new ConnectionRegistry(identity, clock).start();
  }

  /// A process with this identity whose clock is the real one.
  public static TlsParty of(IdentitySnapshot snapshot) {
    return new TlsParty(
        new FixedIdentity(snapshot), new RoleTemplate(snapshot.id().trustDomain()), InstantSource.system());
  }

  public IdentitySource identity() {
    return identity;
  }

  public TlsContexts tls() {
    return tls;
  }

  public ConnectionRegistry registry() {
    return registry;
  }

  @Override
  public void refused(Refusal refusal) {
    refusals.add(refusal);
  }

  /// The next refusal.
  ///
  /// @throws AssertionError when none comes within 10 s
  public Refusal awaitRefusal() throws InterruptedException {
    Refusal refusal = refusals.poll(10, TimeUnit.SECONDS);
    if (refusal == null) {
      throw new AssertionError("no handshake was refused");
    }
    return refusal;
  }

  @Override
  public void close() {
    registry.close();
    identity.close();
  }
}
