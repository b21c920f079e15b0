package dev.damselfly.peer.swarm;

import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import java.util.ArrayList;
import java.util.List;

/// First messages of a stream: a registration is small, many held pieces follow it in messages of their own.
final class Registrations {
  static final int MAX_HELD = 1024;

  private Registrations() {}

  static List<JoinRequest> messages(Register register) {
    if (register.getHeldCount() <= MAX_HELD) {
      return List.of(JoinRequest.newBuilder().setRegister(register).build());
    }
    var messages = new ArrayList<JoinRequest>();
    var held = register.getHeldList();
    messages.add(
        JoinRequest.newBuilder()
            .setRegister(register.toBuilder().clearHeld().addAllHeld(held.subList(0, MAX_HELD)))
            .build());
    for (int from = MAX_HELD; from < held.size(); from += MAX_HELD) {
      var more = PiecesHeld.newBuilder().addAllPieces(held.subList(from, Math.min(held.size(), from + MAX_HELD)));
      messages.add(JoinRequest.newBuilder().setHeld(more).build());
    }
    return messages;
  }
}
