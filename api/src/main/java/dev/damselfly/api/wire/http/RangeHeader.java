package dev.damselfly.api.wire.http;

import dev.damselfly.api.id.ByteRange;
import java.util.Optional;
import java.util.OptionalLong;

/// A `Range` header with bytes (RFC 9110 14.1.2, 14.2). Only the first range counts; the others must be well-formed.
///
/// @param first wanted range
/// @param count ranges in the header, 1..16
public record RangeHeader(Spec first, int count) {
  public static final int MAX_LENGTH = 1024;
  public static final int MAX_RANGES = 16;
  private static final String RULE = "must be bytes=first-last, bytes=first- or bytes=-length";

  /// One range as it was asked for.
  public sealed interface Spec {
    /// From an offset to an offset, both included, or to the end of the content.
    record FromTo(long first, OptionalLong last) implements Spec {}

    /// The last bytes of the content; 0 of them can never be satisfied.
    record Suffix(long length) implements Spec {}
  }

  /// @throws dev.damselfly.api.error.InvalidValue for anything that is not in the grammar, also a last offset below
  ///     the first, other units, more than 16 ranges or more than 1024 characters
  public static RangeHeader parse(String value) {
    var in = new Scanner(value, RULE);
    if (value.length() > MAX_LENGTH) {
      throw in.bad();
    }
    in.takeWord("bytes");
    in.take('=');
    Spec first = spec(in);
    int count = 1;
    in.skipBlanks();
    while (in.skip(',')) {
      in.skipBlanks();
      spec(in);
      in.skipBlanks();
      count++;
    }
    in.takeEnd();
    if (count > MAX_RANGES) {
      throw in.bad();
    }
    return new RangeHeader(first, count);
  }

  private static Spec spec(Scanner in) {
    if (in.skip('-')) {
      return new Spec.Suffix(in.takeNumber());
    }
    long first = in.takeNumber();
    in.take('-');
    if (!in.atDigit()) {
      return new Spec.FromTo(first, OptionalLong.empty());
    }
    long last = in.takeNumber();
    if (last < first) {
      throw in.bad();
    }
    return new Spec.FromTo(first, OptionalLong.of(last));
  }

  /// The part of a content that the first range stands for; empty when it cannot be satisfied.
  ///
  /// @param length of the whole content, at least 0
  public Optional<ByteRange> resolve(long length) {
    return switch (first) {
      case Spec.FromTo(long from, OptionalLong last) -> {
        if (from >= length) {
          yield Optional.empty();
        }
        long inclusive = Math.min(last.orElse(Long.MAX_VALUE), length - 1);
        yield Optional.of(new ByteRange(from, inclusive - from + 1));
      }
      case Spec.Suffix(long wanted) -> {
        long size = Math.min(wanted, length);
        yield size <= 0 ? Optional.empty() : Optional.of(new ByteRange(length - size, size));
      }
    };
  }

  /// Header value that asks for exactly these bytes.
  public static String of(ByteRange range) {
    return "bytes=" + range.start() + "-" + (range.end() - 1);
  }
}
