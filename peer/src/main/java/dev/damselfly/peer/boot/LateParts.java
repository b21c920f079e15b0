package dev.damselfly.peer.boot;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.RetryLater;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.discover.HostFacts;
import dev.damselfly.peer.upload.DownloadTaskStream;
import dev.damselfly.peer.upload.GrantKeys;
import dev.damselfly.peer.upload.SeedDownloads;
import dev.damselfly.peer.upload.TaskOwners;
import java.security.PublicKey;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Parts that need the bound ports of the servers that need these parts. Until they are there, callers are told to come
/// again. Thread-safe.
final class LateParts implements GrantKeys, TaskOwners, SeedDownloads {
  private final AtomicReference<@Nullable GrantKeys> keys = new AtomicReference<>();
  private final AtomicReference<@Nullable TaskOwners> owners = new AtomicReference<>();
  private final AtomicReference<@Nullable SeedDownloads> seeds = new AtomicReference<>();
  private final AtomicReference<@Nullable HostFacts> facts = new AtomicReference<>();

  void keys(GrantKeys part) {
    keys.set(part);
  }

  void owners(TaskOwners part) {
    owners.set(part);
  }

  void seeds(SeedDownloads part) {
    seeds.set(part);
  }

  void facts(HostFacts part) {
    facts.set(part);
  }

  @Override
  public Optional<PublicKey> find(SpiffeId scheduler, String keyId) {
    GrantKeys part = keys.get();
    return part == null ? Optional.empty() : part.find(scheduler, keyId);
  }

  @Override
  public boolean owns(SpiffeId scheduler, TaskId task) {
    TaskOwners part = owners.get();
    return part != null && part.owns(scheduler, task);
  }

  @Override
  public void start(Download download, DownloadTaskStream out) {
    SeedDownloads part = seeds.get();
    if (part == null) {
      throw new RetryLater(Reason.BACKEND_DOWN, "this peer is starting", Duration.ofSeconds(1));
    }
    part.start(download, out);
  }

  /// The network numbers of now.
  Host sample() {
    HostFacts part = facts.get();
    return part == null ? Host.getDefaultInstance() : Host.newBuilder().setNetwork(part.network()).build();
  }
}
