package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import dev.damselfly.peer.origin.Relay;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Map;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// One request that the registry itself answers, each time anew: manifests, listings, the question for the API. Used by
/// one thread.
///
/// The answer is read to its end within a bound (B-22), compared with the digest that it was asked by, and made anew with
/// the headers of an allow-list (S-PXY-3).
final class ForwardCall {
  private static final Map<String, String> KEPT =
      Map.of(
          "content-type", "Content-Type",
          "etag", "ETag",
          "last-modified", "Last-Modified",
          "docker-distribution-api-version", "Docker-Distribution-Api-Version",
          "oci-filters-applied", "OCI-Filters-Applied");
  private static final String DIGEST = "docker-content-digest";

  /// Where a listing goes on: at the mirror, so a path.
  private static final Pattern NEXT = Pattern.compile("</v2/[A-Za-z0-9._/:-]+\\?[A-Za-z0-9._=&%/:-]+>; ?rel=\"?next\"?");

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

  private final Forwarder forwarder;
  private final Ledger ledger;
  private final int maxBody;

  /// @param maxBody bytes of a manifest or listing
  ForwardCall(Forwarder forwarder, Ledger ledger, int maxBody) {
    this.forwarder = forwarder;
    this.ledger = ledger;
    this.maxBody = maxBody;
  }

  /// @throws dev.damselfly.api.error.RequestFailure when registry or egress refuse
  /// @throws Refusal when the answer is not what was asked for
  /// @throws IOException when the caller is gone
  void run(Ask ask, Reply reply) throws IOException, InterruptedException {
    try (Relay relay = forwarder.exchange(ask.head().method(), ask.origin(), ask.own())) {
      switch (relay.status()) {
        case 200 -> content(ask, relay, reply);
        case 304 -> unchanged(ask, relay, reply);
        default -> refused(ask, relay, reply);
      }
    }
  }

  private void content(Ask ask, Relay relay, Reply reply) throws IOException, InterruptedException {
    boolean headOnly = ask.head().isHead();
    byte[] body = headOnly ? new byte[0] : WholeBody.read(relay, maxBody, "registry");
    ResponseHead head = kept(new ResponseHead(200), relay);
    digest(ask, relay, headOnly ? Optional.empty() : Optional.of(body)).ifPresent(value -> head.with("Docker-Content-Digest", value.toString()));
    relay.header("link").filter(link -> NEXT.matcher(link).matches()).ifPresent(link -> head.with("Link", link));
    if (headOnly) {
      relay.length().ifPresent(length -> head.with("Content-Length", length));
    } else {
      head.with("Content-Length", body.length);
    }
    ledger.forwarded(ask, 200);
    reply.head(head);
    if (!headOnly) {
      reply.body(Unpooled.wrappedBuffer(body));
    }
  }

  private void unchanged(Ask ask, Relay relay, Reply reply) throws IOException, InterruptedException {
    ledger.forwarded(ask, 304);
    reply.head(kept(new ResponseHead(304), relay));
  }

  private static ResponseHead kept(ResponseHead head, Relay relay) {
    KEPT.forEach((name, spelling) -> relay.header(name).filter(ResponseHead::isPlain).ifPresent(value -> head.with(spelling, value)));
    return head;
  }

  /// The digest of a manifest: what it was asked by decides, then what the registry says; the body must have it.
  ///
  /// @param body absent for HEAD
  private Optional<Digest> digest(Ask ask, Relay relay, Optional<byte[]> body) {
    if (!(ask.route() instanceof Route.Manifest manifest)) {
      return Optional.empty();
    }
    Optional<Digest> said = relay.header(DIGEST).flatMap(ForwardCall::digest);
    Optional<Digest> expected = manifest.digest().or(() -> said);
    boolean wrongBody =
        expected.isPresent() && body.isPresent() && !expected.get().matches(expected.get().newDigest().digest(body.get()));
    boolean wrongWord =
        expected.isPresent()
            && said.isPresent()
            && said.get().algorithm() == expected.get().algorithm()
            && !said.get().equals(expected.get());
    if (wrongBody || wrongWord) {
      ledger.mismatch(ask, expected.get().toString());
      throw new Refusal(502, Refusal.Code.UNAVAILABLE, "the registry's manifest does not have its digest");
    }
    return expected;
  }

  private static Optional<Digest> digest(String text) {
    try {
      return Optional.of(Digest.parse(text));
    } catch (InvalidValue notADigest) {
      return Optional.empty();
    }
  }

  private void refused(Ask ask, Relay relay, Reply reply) throws IOException, InterruptedException {
    Refusal refusal = Errors.ofStatus(relay.status(), "the registry answered with the status " + relay.status());
    ResponseHead head = Errors.head(refusal, "backend");
    if (relay.status() == 401) {
      challenge(ask.upstream(), relay.headers("www-authenticate")).ifPresent(value -> head.with("WWW-Authenticate", value));
    }
    relay.header("retry-after").filter(text -> SECONDS.matcher(text).matches()).ifPresent(text -> head.with("Retry-After", text));
    ledger.forwarded(ask, relay.status());
    Errors.send(reply, head, refusal, !ask.head().isHead());
  }

  /// Asks the registry how callers of a blob authenticate; present when it still wants that.
  ///
  /// @throws Refusal when its challenge cannot be passed on
  Optional<String> challengeOf(Ask ask) {
    try (Relay relay = forwarder.exchange("HEAD", ask.origin(), Map.of())) {
      return relay.status() == 401 ? challenge(ask.upstream(), relay.headers("www-authenticate")) : Optional.empty();
    }
  }

  /// The first challenge that clients may answer.
  private static Optional<String> challenge(Upstream upstream, List<String> values) {
    Optional<String> safe =
        values.stream()
            .map(Challenge::parse)
            .flatMap(Optional::stream)
            .filter(challenge -> challenge.isSafeFor(upstream))
            .map(Challenge::text)
            .findFirst();
    if (safe.isEmpty() && !values.isEmpty()) {
      throw Challenge.strange();
    }
    return safe;
  }
}
