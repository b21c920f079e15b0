package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.authz.audit.Audit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers requests, one call per request on a thread of its own. Thread-safe.
final class Mirror {
  private static final Logger LOG = LoggerFactory.getLogger(Mirror.class);

  private final HeadLimits limits;
  private final Reception reception;
  private final Blobs blobs;
  private final ForwardCall forward;
  private final TokenCall tokens;
  private final SiteCall sites;
  private final Ledger ledger;

  /// @param maxBody bytes of a manifest or listing
  Mirror(HeadLimits limits, Reception reception, Blobs blobs, Forwarder forwarder, Audit audit, int maxBody) {
    this.limits = limits;
    this.reception = reception;
    this.blobs = blobs;
    this.ledger = new Ledger(audit);
    this.forward = new ForwardCall(forwarder, ledger, maxBody);
    this.tokens = new TokenCall(forwarder, ledger);
    this.sites = new SiteCall(forwarder, blobs, ledger);
  }

  /// Answers the request that the bytes are the head of.
  ///
  /// @param caller address of the other end
  /// @return whether the connection may carry another request
  /// @throws IOException when the caller is gone
  boolean answer(byte[] bytes, InetSocketAddress local, String caller, Reply reply) throws IOException, InterruptedException {
    RequestHead head;
    try {
      head = HeadParser.parse(bytes, limits);
    } catch (Refusal unreadable) {
      unreadable(unreadable, caller, reply);
      return false;
    }
    if (!head.keepAlive()) {
      reply.last();
    }
    try {
      return answer(head, local, caller, reply) && head.keepAlive();
    } catch (Audit.AuditUnavailable e) {
      unaudited(e, reply, !head.isHead());
      return false;
    }
  }

  private void unreadable(Refusal refusal, String caller, Reply reply) throws IOException, InterruptedException {
    reply.last(); // where the next request begins is not known
    try {
      refuse(refusal, caller, reply, true);
    } catch (Audit.AuditUnavailable e) {
      unaudited(e, reply, true);
    }
  }

  private static void unaudited(Audit.AuditUnavailable cause, Reply reply, boolean withBody) throws IOException, InterruptedException {
    LOG.error("the audit log takes no records", cause);
    reply.last();
    var refusal = new Refusal(503, Refusal.Code.UNAVAILABLE, "the peer's audit log takes no records; see its log");
    send(refusal, "dfdaemon", reply, withBody);
  }

  /// Refuses a head that has no end within its bound.
  void tooLong(String caller, Reply reply) throws IOException, InterruptedException {
    unreadable(HeadParser.tooLong(limits), caller, reply);
  }

  /// Refuses because too many requests are at work.
  void busy(Reply reply) throws IOException, InterruptedException {
    reply.last();
    send(new Refusal(503, Refusal.Code.UNAVAILABLE, "the mirror works on as many requests as it may"), "proxy", reply, true);
  }

  private boolean answer(RequestHead head, InetSocketAddress local, String caller, Reply reply) throws IOException, InterruptedException {
    Asked ask;
    try {
      if (Reception.isSignOfLife(head, local)) {
        reply.head(new ResponseHead(200).with("Content-Length", 0));
        return true;
      }
      ask = reception.asked(head, local, caller);
    } catch (Refusal refusal) {
      return refuse(refusal, caller, reply, !head.isHead());
    }
    try {
      dispatch(ask, reply);
      return true;
    } catch (Refusal refusal) {
      return refuse(refusal, ask, reply);
    } catch (RequestFailure failure) {
      return failed(ask, failure, reply);
    }
  }

  private void dispatch(Asked asked, Reply reply) throws IOException, InterruptedException {
    blobs.requireUnblocked(asked);
    switch (asked) {
      case SiteAsk ask -> sites.run(ask, reply);
      case Ask ask -> {
        switch (ask.route()) {
          case Route.Blob blob -> new BlobCall(blobs, ledger, ask, blob.digest(), reply).run();
          case Route.Token token -> tokens.run(ask, token.name(), reply);
          case Route.Manifest _, Route.Listing _, Route.Api _ -> forward.run(ask, reply);
        }
      }
    }
  }

  /// Something that may not be had, or not now.
  private boolean failed(Asked asked, RequestFailure failure, Reply reply) throws IOException, InterruptedException {
    Refusal refusal = Errors.of(failure);
    boolean byServer = failure instanceof OriginRefused;
    ResponseHead head = Errors.head(refusal, byServer ? "backend" : "dfdaemon");
    if (refusal.status() == 401 && !reply.begun() && asked instanceof Ask ask) {
      Optional<String> challenge;
      try {
        challenge = forward.challengeOf(ask);
      } catch (Refusal unsafe) {
        return refuse(unsafe, ask, reply);
      } catch (RequestFailure unreachable) {
        challenge = Optional.empty();
      }
      challenge.ifPresent(value -> head.with("WWW-Authenticate", value));
    }
    ledger.refused(refusal, asked);
    if (reply.begun()) {
      return false;
    }
    Errors.send(reply, head, refusal, !asked.head().isHead());
    return true;
  }

  private boolean refuse(Refusal refusal, Asked ask, Reply reply) throws IOException, InterruptedException {
    ledger.refused(refusal, ask);
    return send(refusal, "proxy", reply, !ask.head().isHead());
  }

  /// Before it was understood.
  private boolean refuse(Refusal refusal, String caller, Reply reply, boolean withBody) throws IOException, InterruptedException {
    if (refusal.isRecorded()) {
      ledger.refused(refusal, caller);
    }
    return send(refusal, "proxy", reply, withBody);
  }

  /// @return false when the answer had begun: only the end of the connection says that it is not whole
  private static boolean send(Refusal refusal, String type, Reply reply, boolean withBody) throws IOException, InterruptedException {
    if (reply.begun()) {
      return false;
    }
    Errors.send(reply, Errors.head(refusal, type), refusal, withBody);
    return true;
  }
}
