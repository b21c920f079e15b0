package dev.damselfly.peer.discover;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.GrantKey;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc.SwarmBlockingStub;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.upload.GrantKeys;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Grant keys, asked of the very scheduler that a grant names: the connection expects exactly its identity. Keys are
/// kept until an answer no longer has them; an unknown key id is asked for at most once per scheduler in [#ASK_EVERY].
/// Thread-safe; a scheduler that does not answer delays the grants of that scheduler only.
public final class SchedulerGrantKeys implements GrantKeys {
  private static final Logger LOG = LoggerFactory.getLogger(SchedulerGrantKeys.class);
  private static final Duration ASK_EVERY = Duration.ofSeconds(2);
  private static final int MAX_KEYS = 16;
  private static final int MAX_ATTEMPTS = 3; // a connection can end with an SVID just as it was made
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  /// Opens a channel that accepts this identity only.
  @FunctionalInterface
  public interface Channels {
    ManagedChannel open(HostPort address, SpiffeId scheduler);
  }

  private final Supplier<List<SchedulerNode>> schedulers;
  private final Channels channels;
  private final InstantSource clock;
  private final Map<SpiffeId, KeysOf> known = new ConcurrentHashMap<>(); // of schedulers that the manager named

  /// @param schedulers those of the own cluster
  public SchedulerGrantKeys(Supplier<List<SchedulerNode>> schedulers, Channels channels, InstantSource clock) {
    this.schedulers = schedulers;
    this.channels = channels;
    this.clock = clock;
  }

  @Override
  public Optional<PublicKey> find(SpiffeId scheduler, String keyId) {
    return nodeOf(scheduler).flatMap(node -> known.computeIfAbsent(scheduler, KeysOf::new).find(node.address(), keyId));
  }

  /// A scheduler registers under the name of its identity.
  private Optional<SchedulerNode> nodeOf(SpiffeId scheduler) {
    return schedulers.get().stream().filter(node -> node.hostname().equals(scheduler.path().getLast())).findFirst();
  }

  private final class KeysOf {
    private final SpiffeId scheduler;

    @GuardedBy("this")
    private Map<String, PublicKey> keys = Map.of();

    @GuardedBy("this")
    private Instant askedAt = Instant.MIN;

    KeysOf(SpiffeId scheduler) {
      this.scheduler = scheduler;
    }

    synchronized Optional<PublicKey> find(HostPort address, String keyId) {
      if (!keys.containsKey(keyId) && !clock.instant().isBefore(askedAt.plus(ASK_EVERY))) {
        ask(address).ifPresent(answer -> keys = answer);
        askedAt = clock.instant();
      }
      return Optional.ofNullable(keys.get(keyId));
    }

    private Optional<Map<String, PublicKey>> ask(HostPort address) {
      Deadline deadline = Deadline.after(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      for (int attempt = 1; ; attempt++) {
        ManagedChannel channel = channels.open(address, scheduler);
        try {
          return Optional.of(keys(SwarmGrpc.newBlockingStub(channel).withDeadline(deadline)));
        } catch (StatusRuntimeException e) {
          if (attempt == MAX_ATTEMPTS || e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
            LOG.warn("{} does not tell its grant keys: {}", scheduler, e.getStatus().getCode());
            return Optional.empty();
          }
        } catch (GeneralSecurityException e) {
          LOG.warn("{} tells a grant key that is none", scheduler);
          return Optional.empty();
        } finally {
          channel.shutdownNow();
        }
      }
    }
  }

  private static Map<String, PublicKey> keys(SwarmBlockingStub scheduler) throws GeneralSecurityException {
    ListGrantKeysResponse answer = scheduler.listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
    var keys = new HashMap<String, PublicKey>();
    for (GrantKey key : answer.getKeysList().subList(0, Math.min(MAX_KEYS, answer.getKeysCount()))) {
      keys.put(key.getKeyId(), publicKey(key));
    }
    return keys;
  }

  private static PublicKey publicKey(GrantKey key) throws GeneralSecurityException {
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key.getSpki().toByteArray()));
  }
}
