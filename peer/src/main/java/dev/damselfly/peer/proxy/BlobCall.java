package dev.damselfly.peer.proxy;

import dev.damselfly.api.id.Digest;
import java.io.IOException;
import java.util.Optional;

/// One request for a blob: first the registry's word that these credentials may have it (D4), then pieces from the swarm,
/// compared with the digest in the URL. Used by one thread.
final class BlobCall {
  private final Ledger ledger;
  private final Ask ask;
  private final Digest digest;
  private final Conditions conditions;
  private final Reply reply;
  private final Delivery delivery;

  BlobCall(Blobs blobs, Ledger ledger, Ask ask, Digest digest, Reply reply) {
    this.ledger = ledger;
    this.ask = ask;
    this.digest = digest;
    this.conditions = Conditions.of(ask.head(), digest);
    this.reply = reply;
    this.delivery = new Delivery(blobs, ledger, ask, Optional.of(digest), this::described, reply);
  }

  /// @throws dev.damselfly.api.error.RequestFailure when registry, egress or swarm refuse
  /// @throws IOException when the caller is gone
  void run() throws IOException, InterruptedException {
    boolean factsDecide = conditions.unchanged() || ask.head().isHead() || conditions.range().isPresent();
    if (!factsDecide) {
      delivery.whole();
      return;
    }
    var length = delivery.length();
    if (conditions.unchanged()) {
      ledger.forwarded(ask, 304);
      reply.head(described(304));
    } else if (ask.head().isHead()) {
      ledger.forwarded(ask, 200);
      ResponseHead head = described(200);
      length.ifPresent(bytes -> head.with("Content-Length", bytes));
      reply.head(head);
    } else {
      delivery.part(length, conditions.range().orElseThrow());
    }
  }

  private ResponseHead described(int status) {
    ResponseHead head = new ResponseHead(status).with("Docker-Content-Digest", digest.toString()).with("ETag", conditions.tag());
    return status == 416 ? head : head.with("Accept-Ranges", "bytes").with("Content-Type", "application/octet-stream");
  }
}
