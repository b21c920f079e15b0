package dev.damselfly.peer.origin;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import javax.net.ssl.SSLException;

/// Failures of origins in words that help and give nothing away.
final class Refusals {
  private Refusals() {}

  static OriginRefused status(int status) {
    String text =
        switch (status) {
          case 401 -> "the origin wants credentials (401): send them in a request header";
          case 403 -> "the origin forbids this (403): the credentials do not suffice, or a signed URL has expired";
          case 404, 410 -> "the origin has no such content (" + status + ")";
          case 407 -> "something before the origin wants proxy credentials (407)";
          case 416 -> "the origin does not have this range (416)";
          case 429 -> "the origin limits the rate of requests (429): try again later";
          default ->
              status >= 500
                  ? "the origin has a problem of its own (" + status + "): try again later"
                  : "the origin answered with the status " + status;
        };
    return new OriginRefused(Reason.ORIGIN_FAILED, status, text);
  }

  static Refused changed(String what) {
    return new Refused(Reason.ORIGIN_CHANGED, "the origin's content is not the one this task started with: " + what);
  }

  static OriginRefused broken(int status, String what) {
    return new OriginRefused(Reason.ORIGIN_FAILED, status, "the origin broke the protocol: " + what);
  }

  static Refused late(String what) {
    return new Refused(Reason.TIMED_OUT, "the origin " + what);
  }

  /// @param status of the response whose body was being read; 0 before there was one
  static RequestFailure from(IOException e, int status) {
    if (Thread.currentThread().isInterrupted()) {
      return new Refused(Reason.CANCELLED, "origin access was cancelled");
    }
    return switch (e) {
      case SocketTimeoutException _ -> late("was silent for too long");
      case InterruptedIOException _ -> late("has no free connection for us");
      case SSLException _ ->
          new OriginRefused(
              Reason.ORIGIN_FAILED,
              status,
              "no trusted TLS connection to the origin: its certificate must be valid for its name; a private authority is"
                  + " named in the egress rule");
      case ConnectException _, NoRouteToHostException _ ->
          new OriginRefused(Reason.ORIGIN_FAILED, status, "the origin accepts no connection");
      default ->
          new OriginRefused(
              Reason.ORIGIN_FAILED,
              status,
              status == 0 ? "the connection to the origin broke" : "the connection to the origin broke within the body");
    };
  }
}
