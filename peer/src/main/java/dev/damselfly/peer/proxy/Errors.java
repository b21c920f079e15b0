package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Refusals as callers of a registry expect them. Pure but for sending.
final class Errors {
  /// Who refused: the registry, the mirror, or the peer behind it.
  private static final String ERROR_TYPE = "X-Dragonfly-Error-Type";

  private Errors() {}

  /// The refusal that a failure of a download stands for.
  static Refusal of(RequestFailure failure) {
    if (failure instanceof OriginRefused refused && refused.status() >= 400) {
      return ofStatus(refused.status(), failure.safeText());
    }
    return switch (failure.reason()) {
      case MALFORMED_FIELD, FORBIDDEN_FIELD -> new Refusal(400, Refusal.Code.UNSUPPORTED, failure.safeText());
      case EGRESS_DENIED, CALLER_NOT_ALLOWED, BLOCK_LISTED -> new Refusal(403, Refusal.Code.DENIED, failure.safeText());
      case RANGE_UNSATISFIABLE -> new Refusal(416, Refusal.Code.UNSUPPORTED, failure.safeText());
      case LIMIT_EXCEEDED, CANCELLED, BACKEND_DOWN, BLOCK_LIST_UNKNOWN, NO_SOURCE -> new Refusal(503, Refusal.Code.UNAVAILABLE, failure.safeText());
      case NO_SPACE -> new Refusal(507, Refusal.Code.UNAVAILABLE, failure.safeText());
      case TIMED_OUT -> new Refusal(504, Refusal.Code.UNAVAILABLE, failure.safeText());
      default -> new Refusal(502, Refusal.Code.UNAVAILABLE, failure.safeText());
    };
  }

  /// The refusal that a registry's status stands for.
  static Refusal ofStatus(int status, String safeText) {
    return switch (status) {
      case 401 -> new Refusal(401, Refusal.Code.UNAUTHORIZED, safeText);
      case 403 -> new Refusal(403, Refusal.Code.DENIED, safeText);
      case 404, 410 -> new Refusal(404, Refusal.Code.BLOB_UNKNOWN, safeText);
      case 429 -> new Refusal(429, Refusal.Code.TOOMANYREQUESTS, safeText);
      default -> new Refusal(502, Refusal.Code.UNAVAILABLE, safeText);
    };
  }

  /// @param type value for the caller: `backend`, `proxy` or `dfdaemon`
  static ResponseHead head(Refusal refusal, String type) {
    var head = new ResponseHead(refusal.status()).with(ERROR_TYPE, type).with("Content-Type", "application/json");
    if (refusal.status() == 405) {
      head.with("Allow", "GET, HEAD");
    }
    if (refusal.status() == 407) {
      head.with("Proxy-Authenticate", "Basic realm=\"damselfly\"");
    }
    if (refusal.status() == 503 || !refusal.isRecorded()) {
      head.with("Retry-After", 1);
    }
    return head.with("Content-Length", body(refusal).length);
  }

  static byte[] body(Refusal refusal) {
    String text = refusal.safeText().replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("[^ -~]", "?");
    return ("{\"errors\":[{\"code\":\"" + refusal.code() + "\",\"message\":\"" + text + "\"}]}\n").getBytes(StandardCharsets.US_ASCII);
  }

  /// @param withBody the method was not HEAD
  static void send(Reply reply, ResponseHead head, Refusal refusal, boolean withBody) throws IOException, InterruptedException {
    reply.head(head);
    if (withBody) {
      reply.body(Unpooled.wrappedBuffer(body(refusal)));
    }
  }
}
