package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.wire.http.RangeHeader;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Requests for web servers. Stateless; each call belongs to the thread of its request.
///
/// Most are passed on: the server answers each time, and its answer is made anew with the headers of an allow-list (S-PXY-3).
/// A large GET for which the configuration says so comes through the swarm, after the server's word about this caller and
/// this version (D4): a HEAD each time. When the swarm has another version, the request is passed on.
final class SiteCall {
  /// Smaller answers are not worth the detour.
  static final long LARGE = 1 << 20;

  private static final int CHUNK = 64 << 10;

  /// What requests of callers do not differ in: we ask for no encoding, and web pages are not answered.
  private static final Set<String> ALIKE = Set.of("accept-encoding", "origin");

  private static final Map<String, String> KEPT = kept();

  private final Forwarder forwarder;
  private final Blobs blobs;
  private final Ledger ledger;

  SiteCall(Forwarder forwarder, Blobs blobs, Ledger ledger) {
    this.forwarder = forwarder;
    this.blobs = blobs;
    this.ledger = ledger;
  }

  private static Map<String, String> kept() {
    var names = new LinkedHashMap<String, String>();
    for (String name :
        new String[] {
          "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "ETag", "Last-Modified", "Cache-Control",
          "Expires", "Age", "Vary", "Retry-After", "X-Repo-Commit", "X-Linked-Size", "X-Linked-ETag", "X-Error-Code", "X-Error-Message"
        }) {
      names.put(name.toLowerCase(Locale.ROOT), name);
    }
    return Map.copyOf(names);
  }

  /// @throws dev.damselfly.api.error.RequestFailure when server, egress or swarm refuse
  /// @throws Refusal when the answer cannot be passed on
  /// @throws IOException when the caller is gone
  void run(SiteAsk ask, Reply reply) throws IOException, InterruptedException {
    Optional<Version> version = ask.isForSwarm() ? version(ask) : Optional.empty();
    if (version.isPresent()) {
      try {
        deliver(ask, version.get(), reply);
        return;
      } catch (AnotherVersion other) {
        // what follows asks the server for the version of now
      }
    }
    passOn(ask, reply);
  }

  /// What the server has now, for this caller.
  ///
  /// @param tag strong; or empty, and there is a date
  private record Version(long length, String tag, String date, ResponseHead about) {
    /// Whether the part that the caller asks for is one of this version (RFC 9110 13.1.5).
    boolean allows(RequestHead head) {
      return head.header("if-range").filter(value -> !value.equals(tag.isEmpty() ? date : tag)).isEmpty();
    }

    void require(Optional<ContentFacts> facts) {
      boolean same =
          facts
              .filter(have -> have.contentLength().equals(OptionalLong.of(length)) && have.etag().equals(tag))
              .filter(have -> !tag.isEmpty() || have.lastModified().equals(date))
              .isPresent();
      if (!same) {
        throw new AnotherVersion();
      }
    }
  }

  /// The swarm has something else than the server.
  private static final class AnotherVersion extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AnotherVersion() {
      super("the swarm has another version", null, false, false);
    }
  }

  /// Present for a large answer that can be told from others, and that is the same for all who may have it.
  private Optional<Version> version(SiteAsk ask) {
    try (Relay relay = forwarder.once("HEAD", ask.origin(), ask.wishes())) {
      String tag = relay.header("etag").filter(value -> value.startsWith("\"")).orElse("");
      String date = relay.header("last-modified").orElse("");
      boolean usual =
          relay.status() == 200
              && relay.length().orElse(0) >= LARGE
              && relay.headers("content-encoding").isEmpty()
              && relay.headers("vary").stream().allMatch(value -> ALIKE.contains(value.toLowerCase(Locale.ROOT)))
              && !(tag.isEmpty() && date.isEmpty());
      return usual
          ? Optional.of(new Version(relay.length().orElseThrow(), tag, date, described(200, relay)))
          : Optional.empty();
    }
  }

  private void deliver(SiteAsk ask, Version version, Reply reply) throws IOException, InterruptedException {
    var description =
        new Delivery.Description() {
          @Override
          public ResponseHead head(int status) {
            ResponseHead head = new ResponseHead(status);
            version.about().headers().forEach(head::with);
            return head.with("Accept-Ranges", "bytes");
          }

          @Override
          public void require(Optional<ContentFacts> facts) {
            version.require(facts);
          }
        };
    var delivery = new Delivery(blobs, ledger, ask, Optional.empty(), description, reply);
    Optional<RangeHeader> range = ask.head().header("range").filter(_ -> version.allows(ask.head())).flatMap(SiteCall::range);
    if (range.isPresent()) {
      delivery.part(OptionalLong.of(version.length()), range.get());
    } else {
      delivery.whole();
    }
  }

  /// A range that is not understood is none (RFC 9110 14.2).
  private static Optional<RangeHeader> range(String value) {
    try {
      return Optional.of(RangeHeader.parse(value));
    } catch (InvalidValue notUnderstood) {
      return Optional.empty();
    }
  }

  private static ResponseHead described(int status, Relay relay) {
    var head = new ResponseHead(status);
    KEPT.forEach((name, spelling) -> relay.header(name).filter(ResponseHead::isPlain).ifPresent(value -> head.with(spelling, value)));
    return head;
  }

  private void passOn(SiteAsk ask, Reply reply) throws IOException, InterruptedException {
    try (Relay relay = forwarder.once(ask.head().method(), ask.origin(), ask.own())) {
      int status = relay.status();
      if (status < 200 || status == 407 || status > 599) {
        throw new Refusal(502, Refusal.Code.UNAVAILABLE, "the server answered with a status that is not for callers");
      }
      ResponseHead head = described(status, relay);
      for (String name : new String[] {"Accept-Ranges", "Content-Range"}) {
        relay.header(name.toLowerCase(Locale.ROOT)).filter(ResponseHead::isPlain).ifPresent(value -> head.with(name, value));
      }
      location(ask, relay).ifPresent(value -> head.with("Location", value));
      if (status == 401) {
        challenge(relay).ifPresent(value -> head.with("WWW-Authenticate", value));
      }
      ledger.forwarded(ask, status);
      if (ask.head().isHead() || status == 204 || status == 304) {
        OptionalLong length = status == 200 && ask.head().isHead() ? relay.length() : OptionalLong.empty();
        length.ifPresent(bytes -> head.with("Content-Length", bytes));
        reply.head(head);
      } else {
        body(relay, head, reply);
      }
    }
  }

  /// A place at the same server is one at the proxy, as this caller calls it. Another stays what it is.
  private static Optional<String> location(SiteAsk ask, Relay relay) {
    String own = ask.site().url() + "/";
    return relay
        .header("location")
        .map(place -> place.startsWith(own) ? "http://" + ask.head().authority() + place.substring(own.length() - 1) : place)
        .filter(ResponseHead::isPlain);
  }

  /// Basic only: callers would send their password to the realm of a Bearer challenge (S-PXY-4).
  private static Optional<String> challenge(Relay relay) {
    return relay.headers("www-authenticate").stream()
        .map(Challenge::parse)
        .flatMap(Optional::stream)
        .filter(challenge -> !challenge.bearer())
        .map(Challenge::text)
        .findFirst();
  }

  /// As it comes, and framed anew: by its length, or in chunks when that is not known, so that a cut one is seen to be cut.
  private static void body(Relay relay, ResponseHead head, Reply reply) throws IOException, InterruptedException {
    OptionalLong length = relay.length();
    if (length.isPresent()) {
      head.with("Content-Length", length.getAsLong());
    } else {
      head.with("Transfer-Encoding", "chunked");
    }
    try (OriginBody body = relay.body()) {
      reply.head(head);
      for (Optional<ByteBuf> part = read(body); part.isPresent(); part = read(body)) {
        reply.body(length.isPresent() ? part.get() : chunk(part.get()));
      }
    }
    if (length.isEmpty()) {
      reply.body(ascii("0\r\n\r\n"));
    }
  }

  /// @return nothing at the end
  private static Optional<ByteBuf> read(OriginBody body) {
    ByteBuf part = PooledByteBufAllocator.DEFAULT.directBuffer(CHUNK, CHUNK);
    int count = 0;
    try {
      count = body.read(part.nioBuffer(0, CHUNK));
      part.writerIndex(Math.max(count, 0));
      return count > 0 ? Optional.of(part) : Optional.empty();
    } finally {
      if (count <= 0) { // nobody else will
        part.release();
      }
    }
  }

  private static ByteBuf chunk(ByteBuf part) {
    String size = Integer.toHexString(part.readableBytes());
    return Unpooled.wrappedBuffer(ascii(size + "\r\n"), part, ascii("\r\n"));
  }

  private static ByteBuf ascii(String text) {
    return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.US_ASCII));
  }
}
