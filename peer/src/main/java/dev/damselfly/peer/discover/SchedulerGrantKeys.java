package dev.damselfly.peer.discover;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.GrantKey;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.upload.GrantKeys;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Grant keys, asked of the very scheduler that a grant names: the connection expects exactly its identity. Keys are
/// kept until they expire; an unknown key id is asked for at most once per scheduler in [#ASK_EVERY]. Thread-safe.
public final class SchedulerGrantKeys implements GrantKeys {
  private static final Duration ASK_EVERY = Duration.ofSeconds(2);
  private static final int MAX_KEYS = 16;
  private static final long DEADLINE_SECONDS = 5;

  /// Opens a channel that accepts this identity only.
  @FunctionalInterface
  public interface Channels {
    ManagedChannel open(HostPort address, SpiffeId scheduler);
  }

  private record Known(Map<String, PublicKey> keys, Instant askedAt) {}

  private final Supplier<List<SchedulerNode>> schedulers;
  private final Channels channels;
  private final InstantSource clock;

  @GuardedBy("this")
  private final Map<SpiffeId, Known> known = new HashMap<>();

  /// @param schedulers those of the own cluster
  public SchedulerGrantKeys(Supplier<List<SchedulerNode>> schedulers, Channels channels, InstantSource clock) {
    this.schedulers = schedulers;
    this.channels = channels;
    this.clock = clock;
  }

  @Override
  public synchronized Optional<PublicKey> find(SpiffeId scheduler, String keyId) {
    Optional<SchedulerNode> node = nodeOf(scheduler);
    if (node.isEmpty()) {
      return Optional.empty();
    }
    Known now = known.get(scheduler);
    boolean mayAsk = now == null || Duration.between(now.askedAt(), clock.instant()).compareTo(ASK_EVERY) >= 0;
    if ((now == null || !now.keys().containsKey(keyId)) && mayAsk) {
      now = new Known(ask(node.get(), scheduler), clock.instant());
      known.put(scheduler, now);
    }
    return now == null ? Optional.empty() : Optional.ofNullable(now.keys().get(keyId));
  }

  /// A scheduler registers under the name of its identity.
  private Optional<SchedulerNode> nodeOf(SpiffeId scheduler) {
    return schedulers.get().stream().filter(node -> node.hostname().equals(scheduler.path().getLast())).findFirst();
  }

  private Map<String, PublicKey> ask(SchedulerNode node, SpiffeId scheduler) {
    ManagedChannel channel = channels.open(node.address(), scheduler);
    try {
      var answer =
          SwarmGrpc.newBlockingStub(channel)
              .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
              .listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
      var keys = new HashMap<String, PublicKey>();
      for (GrantKey key : answer.getKeysList().subList(0, Math.min(MAX_KEYS, answer.getKeysCount()))) {
        keys.put(key.getKeyId(), publicKey(key));
      }
      return keys;
    } catch (StatusRuntimeException | GeneralSecurityException e) {
      return Map.of();
    } finally {
      channel.shutdownNow();
    }
  }

  private static PublicKey publicKey(GrantKey key) throws GeneralSecurityException {
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key.getSpki().toByteArray()));
  }
}
