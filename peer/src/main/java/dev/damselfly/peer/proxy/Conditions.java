package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.wire.http.RangeHeader;
import java.util.Optional;
import java.util.stream.Stream;

/// Conditions and range of a request for a blob, whose entity tag is its digest (RFC 9110 13, 14). Pure.
///
/// @param tag the strong entity tag of the blob
/// @param unchanged the caller has it already
/// @param range only for GET, well-formed, and allowed by If-Range
record Conditions(String tag, boolean unchanged, Optional<RangeHeader> range) {
  static Conditions of(RequestHead head, Digest digest) {
    String tag = "\"" + digest + "\"";
    boolean unchanged = head.header("if-none-match").filter(value -> matches(value, tag)).isPresent();
    boolean part = !head.isHead() && head.header("if-range").filter(value -> !value.equals(tag)).isEmpty();
    return new Conditions(tag, unchanged, part ? head.header("range").flatMap(Conditions::range) : Optional.empty());
  }

  /// Weak comparison, as this condition wants it.
  private static boolean matches(String value, String tag) {
    return Stream.of(value.split(",", -1)).map(String::strip).anyMatch(one -> one.equals("*") || one.equals(tag) || one.equals("W/" + tag));
  }

  /// A range that is not understood is none (RFC 9110 14.2).
  private static Optional<RangeHeader> range(String value) {
    try {
      return Optional.of(RangeHeader.parse(value));
    } catch (InvalidValue notUnderstood) {
      return Optional.empty();
    }
  }
}
