package dev.damselfly.bench.micro;

import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.X509SvidVerifier;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.scheduler.boot.SchedulerPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Who calls, and whether they may.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TrustBench {
  /// More than the JDK remembers parsed certificates and signatures that it checked.
  private static final int STRANGERS = 3000;

  private static final String PEER = "/damselfly/peer/east/host-1";

  private final TestCa ca = TestCa.root("example.org");
  private final BundleSet bundles = ca.bundles();
  private final List<List<byte[]>> strangers = Stream.generate(() -> ca.svid(PEER).chainDer()).limit(STRANGERS).toList();
  private int next;
  private final Instant now = Instant.now();
  private final Policy policy = SchedulerPolicy.policy("east", List.of());
  private final Caller caller =
      new Caller(
          SpiffeId.parse("spiffe://example.org" + PEER), Role.PEER, Optional.of("east"), "host-1", now.plusSeconds(3600),
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));

  /// Of somebody who was not here before.
  @Benchmark
  public Verdict newSvid() {
    next = (next + 1) % STRANGERS;
    return accepted(strangers.get(next));
  }

  /// Of somebody who connects again.
  @Benchmark
  public Verdict knownSvid() {
    return accepted(strangers.getFirst());
  }

  private Verdict accepted(List<byte[]> chain) {
    Verdict verdict = X509SvidVerifier.verify(chain, bundles, now);
    if (!(verdict instanceof Verdict.Accepted)) {
      throw new IllegalStateException("a good SVID was refused");
    }
    return verdict;
  }

  @Benchmark
  public Policy.Decision policyDecision() {
    return policy.decide(caller, "damselfly.v1.Swarm/Join");
  }
}
