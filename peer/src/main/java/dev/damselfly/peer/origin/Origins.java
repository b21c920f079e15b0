package dev.damselfly.peer.origin;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.wire.http.ContentRange;
import dev.damselfly.peer.content.ContentFacts;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads from origins. Thread-safe; calls block and belong on virtual threads.
///
/// Each connection goes to an address that the egress gate allowed; each redirect is decided anew.
/// Failures: OriginRefused with the HTTP status, Refused EGRESS_DENIED, ORIGIN_CHANGED, TIMED_OUT.
public final class Origins implements AutoCloseable {
  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final int PRECONDITION_FAILED = 412;
  private static final int UNSATISFIABLE = 416;
  private static final ByteRange FIRST_BYTE = new ByteRange(0, 1);

  private final OriginsConfig config;
  private final Waits waits;
  private final Exchanges exchanges;

  public Origins(OriginsConfig config, Egress egress) {
    this(config, egress, new SystemWaits());
  }

  Origins(OriginsConfig config, Egress egress, Waits waits) {
    this.config = config;
    this.waits = waits;
    this.exchanges = new Exchanges(config, egress, waits);
  }

  /// Asks for the facts of a resource without reading it: one ranged byte, or a HEAD when there is no length.
  public OriginFacts stat(OriginRequest request) {
    try (Answer answer = exchanges.send("GET", request, Map.of("range", range(FIRST_BYTE)))) {
      return switch (answer.status()) {
        case PARTIAL -> ofPart(request, answer);
        case OK -> ofWhole(request, answer);
        case UNSATISFIABLE -> ofNone(request, answer);
        default -> throw Refusals.status(answer.status());
      };
    }
  }

  private OriginFacts ofPart(OriginRequest request, Answer answer) {
    var part = part(answer);
    if (!part.range().equals(FIRST_BYTE)) {
      throw Refusals.broken(answer.status(), "a range that was not asked for");
    }
    answer.finish();
    return facts(answer, part.complete().isPresent() ? part.complete() : headLength(request), true);
  }

  /// The body of an origin without ranges is not read: closing drops it.
  private OriginFacts ofWhole(OriginRequest request, Answer answer) {
    var announced = answer.length();
    answer.close();
    return facts(answer, announced.isPresent() ? announced : headLength(request), false);
  }

  private OriginFacts ofNone(OriginRequest request, Answer answer) {
    var contentRange = answer.header("content-range").map(Origins::contentRange);
    answer.finish();
    if (contentRange.isPresent() && contentRange.get() instanceof ContentRange.None(long complete) && complete == 0) {
      return facts(answer, OptionalLong.of(0), false);
    }
    try (Answer again = exchanges.send("GET", request, Map.of())) {
      if (again.status() != OK) {
        throw Refusals.status(again.status());
      }
      return ofWhole(request, again);
    }
  }

  /// The length by HEAD; an origin that does not like HEAD has said nothing.
  private OptionalLong headLength(OriginRequest request) {
    try (Answer answer = exchanges.send("HEAD", request, Map.of())) {
      var length = answer.status() == OK ? answer.header("content-length") : Optional.<String>empty();
      boolean number = length.filter(t -> !t.isEmpty() && t.length() <= 18 && t.chars().allMatch(c -> c >= '0' && c <= '9')).isPresent();
      return number ? OptionalLong.of(Long.parseLong(length.orElseThrow())) : OptionalLong.empty();
    }
  }

  private static OriginFacts facts(Answer answer, OptionalLong length, boolean ranges) {
    if (length.orElse(0) > PieceLayout.MAX_CONTENT) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "the origin's content is larger than 2^46 bytes");
    }
    return new OriginFacts(length, Validators.etag(answer), Validators.lastModified(answer), ranges);
  }

  /// Opens the bytes of a range, or of everything. The answer must be of the pinned content: other validators, length
  /// or Content-Range are ORIGIN_CHANGED. The caller closes the body.
  ///
  /// @param range absent: from the first byte to the end
  public OriginBody get(OriginRequest request, Optional<ByteRange> range, ContentFacts pin) {
    if (range.isPresent() && pin.ranges()) {
      return part(request, range.get(), pin);
    }
    boolean whole = range.isEmpty() || range.equals(pin.contentLength().isPresent() ? all(pin) : Optional.empty());
    if (!whole) {
      throw new Refused(Reason.WRONG_STATE, "the origin gives no ranges: only the whole content can be read");
    }
    return whole(request, pin);
  }

  private static Optional<ByteRange> all(ContentFacts pin) {
    long length = pin.contentLength().orElse(0);
    return length == 0 ? Optional.empty() : Optional.of(new ByteRange(0, length));
  }

  private OriginBody part(OriginRequest request, ByteRange range, ContentFacts pin) {
    if (range.end() > pin.contentLength().orElse(PieceLayout.MAX_CONTENT)) {
      throw new Refused(Reason.RANGE_UNSATISFIABLE, "the range must lie inside the content");
    }
    var headers = new LinkedHashMap<>(Map.of("range", range(range)));
    if (!pin.etag().isEmpty()) {
      headers.put("if-range", pin.etag()); // another version comes whole, and is refused below
    }
    return opened(
        exchanges.send("GET", request, headers),
        answer -> {
          switch (answer.status()) {
            case PARTIAL -> requirePart(answer, range, pin);
            case OK -> throw Refusals.changed("it answers a range with everything");
            case PRECONDITION_FAILED, UNSATISFIABLE -> throw Refusals.changed("it does not have the range any more");
            default -> throw Refusals.status(answer.status());
          }
          return OptionalLong.of(range.length());
        });
  }

  private static void requirePart(Answer answer, ByteRange range, ContentFacts pin) {
    var part = part(answer);
    if (!part.range().equals(range)) {
      throw Refusals.changed("it sends another range than the one asked for");
    }
    if (pin.contentLength().isPresent() && !part.complete().equals(pin.contentLength())) {
      throw Refusals.changed("it has another length");
    }
    requireLength(answer, range.length());
    Validators.requireSame(answer, pin);
  }

  private static void requireLength(Answer answer, long length) {
    if (answer.length().orElse(length) != length) {
      throw Refusals.changed("its body has another length");
    }
  }

  private OriginBody whole(OriginRequest request, ContentFacts pin) {
    return opened(
        exchanges.send("GET", request, Map.of()),
        answer -> {
          if (answer.status() != OK) {
            throw Refusals.status(answer.status());
          }
          pin.contentLength().ifPresent(length -> requireLength(answer, length));
          Validators.requireSame(answer, pin);
          return pin.contentLength().isPresent() ? pin.contentLength() : answer.length();
        });
  }

  private interface Check {
    /// @return how long the body must be
    OptionalLong check(Answer answer);
  }

  private OriginBody opened(Answer answer, Check check) {
    try {
      return new PinnedBody(answer, check.check(answer), config, waits);
    } catch (RuntimeException e) {
      answer.close();
      throw e;
    } catch (IOException e) {
      answer.close();
      throw Refusals.from(e, answer.status());
    }
  }

  /// Sends one request as it is, for an answer to be passed on. Redirects are followed like those of any other request.
  ///
  /// @param method `GET` or `HEAD`
  /// @param own headers that belong to this request, named in lower case; they go along with redirects
  public Relay exchange(String method, OriginRequest request, Map<String, String> own) {
    return new RelayedAnswer(exchanges.send(method, request, own), config, waits);
  }

  /// The same, but a redirect is an answer to be passed on like any other.
  public Relay exchangeOnce(String method, OriginRequest request, Map<String, String> own) {
    return new RelayedAnswer(exchanges.sendOnce(method, request, own), config, waits);
  }

  private static ContentRange.Part part(Answer answer) {
    var value = answer.header("content-range").map(Origins::contentRange);
    if (value.isPresent() && value.get() instanceof ContentRange.Part part) {
      return part;
    }
    throw Refusals.broken(answer.status(), "a part of the content without its Content-Range");
  }

  private static ContentRange contentRange(String value) {
    try {
      return ContentRange.parse(value);
    } catch (InvalidValue e) {
      throw Refusals.broken(0, "Content-Range " + e.rule());
    }
  }

  private static String range(ByteRange range) {
    return "bytes=" + range.start() + "-" + (range.end() - 1);
  }

  @Override
  public void close() {
    exchanges.close();
    waits.close();
  }
}
