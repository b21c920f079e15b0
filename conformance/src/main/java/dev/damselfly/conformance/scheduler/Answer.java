package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import io.grpc.Status;
import java.util.List;

/// What a scheduler says on an announce stream.
sealed interface Answer {
  record Empty() implements Answer {}

  record Normal(List<Peer> parents) implements Answer {
    List<String> ids() {
      return parents.stream().map(Peer::getId).toList();
    }

    @Override
    public String toString() {
      return "Normal" + ids();
    }
  }

  record ToOrigin(String description) implements Answer {}

  record MetadataOnly() implements Answer {}

  /// The stream ended.
  record End(Status.Code code) implements Answer {}

  record Unknown() implements Answer {}

  static Answer of(AnnouncePeerResponse response) {
    return switch (response.getResponseCase()) {
      case EMPTY_TASK_RESPONSE -> new Empty();
      case NORMAL_TASK_RESPONSE -> new Normal(response.getNormalTaskResponse().getCandidateParentsList());
      case NEED_BACK_TO_SOURCE_RESPONSE -> new ToOrigin(response.getNeedBackToSourceResponse().getDescription());
      case METADATA_ONLY_RESPONSE -> new MetadataOnly();
      case RESPONSE_NOT_SET -> new Unknown();
    };
  }
}
