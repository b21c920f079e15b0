package dev.damselfly.scheduler.announce;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.TaskType;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.announce.Announcements.Scope;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.seed.PublicDownload;
import dev.damselfly.scheduler.task.PeerSpec;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import java.time.Duration;
import java.util.random.RandomGenerator;

/// The peer that a stream speaks for. Not thread-safe: the session's lock guards it.
final class Registration {
  static final int MAX_PEER_ID = 512;

  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(30);
  private static final Duration MAX_BACK_OFF = Duration.ofSeconds(1);

  private final Host host;
  private final Task task;
  private final String peerId;
  private final boolean range;
  private final boolean metadataOnly;
  private Download download; // with its headers until the registration has ended, never longer
  private boolean registering;

  private Registration(Host host, Task task, String peerId, Download download) {
    this.host = host;
    this.task = task;
    this.peerId = peerId;
    this.range = download.hasRange();
    this.metadataOnly = download.getMetadataOnly();
    this.download = download;
  }

  static Registration of(AnnouncePeerRequest request, Caller caller, Scope scope, Object stream) {
    Host host = scope.hosts().requireOwned(request.getHostId(), caller);
    var id = Field.parse("task_id", () -> new TaskId(request.getTaskId()));
    String peerId = Field.parse("peer_id", () -> requirePeerId(request.getPeerId()));
    Download download = request.getRegisterPeerRequest().getDownload();
    if (download.getType() != TaskType.STANDARD) {
      throw new Refused(Reason.NOT_SERVED, "only standard tasks are announced here");
    }
    if (host.isLegacy() && PublicDownload.of(download).isEmpty()) {
      throw new Refused(Reason.NOT_SERVED, "content fetched with credentials is shared among identities only");
    }
    Task task = scope.tasks().admit(TaskKey.publicTask(id), download, PeerSpec.of(peerId, host, download), stream);
    return new Registration(host, task, peerId, download);
  }

  Task task() {
    return task;
  }

  String peerId() {
    return peerId;
  }

  Download download() {
    return download;
  }

  /// What the peer says about the whole content is kept for others.
  boolean isBelieved() {
    return task.believes(host);
  }

  boolean hasRange() {
    return range;
  }

  boolean isMetadataOnly() {
    return metadataOnly;
  }

  boolean isFor(AnnouncePeerRequest request) {
    return request.getHostId().equals(host.id())
        && request.getTaskId().equals(task.key().id().value())
        && request.getPeerId().equals(peerId);
  }

  /// Begins the registration.
  ///
  /// @return how long it waits: zero for seeds, more the more the host registers at once
  Duration begin(RandomGenerator random) {
    registering = true;
    int running = host.beginRegistration();
    if (host.isSeed()) {
      return Duration.ZERO;
    }
    long mean = running >= 6 ? MAX_BACK_OFF.toNanos() : Math.min(MAX_BACK_OFF.toNanos(), FIRST_BACK_OFF.toNanos() << running);
    return Duration.ofNanos(mean / 2 + random.nextLong(mean));
  }

  /// The registration has its answer; idempotent.
  void finish() {
    if (registering) {
      registering = false;
      host.endRegistration();
    }
    download = Download.getDefaultInstance();
  }

  SeedDecision.Situation situation(Scope scope) {
    Priority own = download.getPriority();
    Priority effective =
        own == Priority.LEVEL0
            ? scope.cluster().applications().priorityOf(download.getApplication(), download.getUrl())
            : own;
    return new SeedDecision.Situation(
        download.getNeedBackToSource(), host.isSeed(), scope.seeds().isAvailable(), effective);
  }

  private static String requirePeerId(String id) {
    if (id.isEmpty() || id.length() > MAX_PEER_ID) {
      throw new InvalidValue("must have 1 to " + MAX_PEER_ID + " characters");
    }
    for (int i = 0; i < id.length(); i++) {
      if (id.charAt(i) <= ' ' || id.charAt(i) > '~') {
        throw new InvalidValue("must be printable ASCII");
      }
    }
    return id;
  }
}
