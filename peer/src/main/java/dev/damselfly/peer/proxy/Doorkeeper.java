package dev.damselfly.peer.proxy;

import dev.damselfly.authz.limits.TokenBucket;
import dev.damselfly.peer.download.LocalCaller;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// Decides who a request comes from, before anything is done for it (S-PXY-6, S-PXY-8). Thread-safe.
///
/// Wrong credentials cost their sender the answer and the audit log one record, up to a rate; beyond it the answer is another
/// one, and only a number is kept. Right credentials always pass: nobody can lock a caller out.
final class Doorkeeper {
  private static final LocalCaller ANYBODY = LocalCaller.anonymous();

  private final Optional<ProxyCallers> callers;
  private final TokenBucket recorded;
  private final AtomicLong unrecorded = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  /// Who it is. [#visitor] makes the only one that is let in.
  sealed interface Visitor {
    /// @param name of the file of callers; absent for a program of this host that says nothing, or when nobody has to
    record Admitted(LocalCaller caller, Optional<String> name) implements Visitor {
      /// Whether this one may have what the entry stands for.
      boolean mayUse(Access access) {
        return name.map(access::admits).orElse(true);
      }
    }

    /// @param rule what was wrong, without what was sent
    record Unknown(String rule) implements Visitor {}
  }

  /// @param callers absent: every program of this host may come, as long as the listener is on loopback
  /// @param perSecond refusals that are recorded each second
  Doorkeeper(Optional<ProxyCallers> callers, int perSecond, LongSupplier nanoClock) {
    this.callers = callers;
    this.recorded = new TokenBucket(perSecond, nanoClock);
  }

  /// @param open whether the request asks in origin form for something that is open to this host
  Visitor visitor(RequestHead head, BooleanSupplier open) {
    if (callers.isEmpty()) {
      return new Visitor.Admitted(ANYBODY, Optional.empty());
    }
    Optional<String> header = head.header("proxy-authorization");
    if (header.isEmpty()) {
      return open.getAsBoolean()
          ? new Visitor.Admitted(ANYBODY, Optional.empty())
          : new Visitor.Unknown("the proxy wants a name and a token of its callers");
    }
    Optional<ProxyCredential> credential = header.flatMap(ProxyCredential::parse);
    if (credential.isEmpty()) {
      return new Visitor.Unknown(
          "proxy-authorization must be Basic with the name of a caller and a token of at least " + ProxyCallers.MIN_TOKEN + " characters");
    }
    if (!callers.get().knows(credential.get())) {
      return new Visitor.Unknown("the name or the token is wrong");
    }
    String name = credential.get().name();
    return new Visitor.Admitted(LocalCaller.ofProxyCaller(name), Optional.of(name));
  }

  /// Turns one away and counts it.
  ///
  /// @return 407, or 429 when there were too many of late
  Refusal turnedAway(Visitor.Unknown visitor) {
    long all = refused.incrementAndGet();
    if (!recorded.tryTake()) {
      unrecorded.incrementAndGet();
      return Refusal.unknownCallers();
    }
    return Refusal.unknownCaller(visitor.rule(), new Refusal.Count(all, unrecorded.getAndSet(0)));
  }
}
