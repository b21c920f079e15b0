package dev.damselfly.api.wire.http;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.ByteRange;
import java.util.OptionalLong;

/// A `Content-Range` header with bytes (RFC 9110 14.4).
public sealed interface ContentRange {
  int MAX_LENGTH = 128;

  /// The body holds this part, `bytes first-last/length` or `bytes first-last/*`.
  ///
  /// @param complete length of the whole content, beyond the end of the range; absent when the server does not know
  record Part(ByteRange range, OptionalLong complete) implements ContentRange {
    public Part {
      if (complete.isPresent() && complete.getAsLong() < range.end()) {
        throw new InvalidValue("a part must lie inside the content");
      }
    }

    /// The header value.
    @Override
    public String toString() {
      String length = complete.isPresent() ? Long.toString(complete.getAsLong()) : "*";
      return "bytes " + range.start() + "-" + (range.end() - 1) + "/" + length;
    }
  }

  /// The range cannot be satisfied, `bytes */length`.
  record None(long complete) implements ContentRange {
    public None {
      if (complete < 0) {
        throw new InvalidValue("length must not be negative");
      }
    }

    /// The header value.
    @Override
    public String toString() {
      return "bytes */" + complete;
    }
  }

  /// @throws InvalidValue for anything else, also a part outside the content or its last offset below the first
  static ContentRange parse(String value) {
    var in = new Scanner(value, "must be bytes first-last/length, bytes first-last/* or bytes */length");
    if (value.length() > MAX_LENGTH) {
      throw in.bad();
    }
    in.takeWord("bytes");
    in.take(' ');
    if (in.skip('*')) {
      in.take('/');
      var none = new None(in.takeNumber());
      in.takeEnd();
      return none;
    }
    long first = in.takeNumber();
    in.take('-');
    long last = in.takeNumber();
    in.take('/');
    OptionalLong complete = in.skip('*') ? OptionalLong.empty() : OptionalLong.of(in.takeNumber());
    in.takeEnd();
    if (last < first || last == Long.MAX_VALUE) {
      throw in.bad();
    }
    return new Part(new ByteRange(first, last - first + 1), complete);
  }
}
