package dev.damselfly.scheduler.swarm;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.LegacyHolder;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersResponse;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Tells a peer which hosts without an identity say that they have public content, when it holds a digest that decides
/// about what they send (S-LEG-6). It never slows the mesh: nobody is named while a member has the content, and of those
/// that could go to the origin one at a time is sent away from it. Thread-safe.
final class LegacyHolders {
  static final int MOST = 4;
  static final int MAX_REMEMBERED = 4096;

  /// Others that ask about the same task within this time get the content from the mesh that forms meanwhile.
  static final Duration TURN = Duration.ofSeconds(30);

  private final Swarms.Scope scope;

  @GuardedBy("this")
  private final Map<TaskId, Turn> turns = new HashMap<>();

  private record Turn(Host of, Instant until) {}

  LegacyHolders(Swarms.Scope scope) {
    this.scope = scope;
  }

  ListLegacyHoldersResponse list(ListLegacyHoldersRequest request, Caller caller) {
    Host asker = scope.hosts().requireOwned(request.getHostId(), caller);
    var id = Field.parse("task_id", () -> new TaskId(request.getTaskId()));
    var digest = Field.parse("digest", () -> Digest.parse(request.getDigest()));
    Instant now = scope.timer().instant();
    List<Host> holders =
        new ArrayList<>(
            scope.tasks().find(TaskKey.publicTask(id)).map(task -> holders(task, request.getHasOrigin(), now)).orElse(List.of()));
    if (holders.isEmpty() || (request.getHasOrigin() && !takeTurn(id, asker, now))) {
      return ListLegacyHoldersResponse.getDefaultInstance();
    }
    Collections.shuffle(holders, Random.from(scope.random()));
    var named = holders.subList(0, Math.min(MOST, holders.size()));
    record(id, digest, caller, named);
    var response = ListLegacyHoldersResponse.newBuilder();
    named.forEach(host -> response.addHolders(LegacyHolder.newBuilder().setHostId(host.id()).setIp(host.ip())));
    return response.build();
  }

  private static List<Host> holders(Task task, boolean hasOrigin, Instant now) {
    return task.legacyHolders(hasOrigin).stream().filter(host -> !host.isSilent(now)).toList();
  }

  private synchronized boolean takeTurn(TaskId id, Host asker, Instant now) {
    Turn last = turns.get(id);
    if (last != null && now.isBefore(last.until) && !last.of.id().equals(asker.id())) {
      return false;
    }
    if (turns.size() >= MAX_REMEMBERED) {
      turns.values().removeIf(turn -> !now.isBefore(turn.until));
    }
    if (turns.size() >= MAX_REMEMBERED && last == null) {
      return false;
    }
    turns.put(id, new Turn(asker, now.plus(TURN)));
    return true;
  }

  private void record(TaskId id, Digest digest, Caller caller, List<Host> named) {
    scope
        .audit()
        .record(
            new AuditEvent(
                AuditAction.LEGACY_NAME,
                caller.id().toString(),
                "task:" + id,
                AuditEvent.Decision.ALLOW,
                "",
                "swarm",
                Map.of(
                    "digest",
                    digest.toString(),
                    "holders",
                    String.join(" ", named.stream().map(Host::id).toList()),
                    "warning",
                    "hosts without an identity: unverified until digest")));
  }
}
