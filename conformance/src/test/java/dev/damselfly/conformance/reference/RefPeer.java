package dev.damselfly.conformance.reference;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A peer as the reference scheduler knows it. Guarded by the scheduler's lock.
final class RefPeer {
  private static final Timestamp CREATED = Timestamp.newBuilder().setSeconds(1_767_225_600).build();

  final String id;
  final Host host;
  final Set<String> blocked = new HashSet<>();
  final Set<String> parents = new HashSet<>();
  final List<Long> costs = new ArrayList<>();
  String state = "Pending";
  boolean needsOrigin;

  RefPeer(String id, Host host) {
    this.id = id;
    this.host = host;
    blocked.add(id);
  }

  boolean isSeed() {
    return host.getType() == 1;
  }

  boolean serves() {
    return switch (state) {
      case "BackToSource", "Succeeded" -> true;
      case "Running" -> isSeed() || !parents.isEmpty();
      default -> false;
    };
  }

  boolean isSlow() {
    if (costs.size() < 2) {
      return false;
    }
    double mean = costs.subList(0, costs.size() - 1).stream().mapToLong(Long::longValue).average().orElse(0);
    return costs.getLast() > 20 * mean;
  }

  Peer message(Task task, boolean withTimes) {
    var message = Peer.newBuilder().setId(id).setState(state).setTask(task).setHost(host).setCost(Duration.newBuilder().setNanos(1));
    return withTimes ? message.setCreatedAt(CREATED).setUpdatedAt(CREATED).build() : message.build();
  }

  static Timestamp created() {
    return CREATED;
  }
}
