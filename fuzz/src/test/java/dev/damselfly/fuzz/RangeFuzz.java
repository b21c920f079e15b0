package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.wire.http.ContentRange;
import dev.damselfly.api.wire.http.RangeHeader;
import java.util.List;

/// Range and Content-Range: the resolved range lies inside the content; what cannot be resolved is refused, never cut to fit.
final class RangeFuzz implements Target {
  private static final long LENGTH = 1_000_003;

  public static void fuzzerTestOneInput(byte[] input) {
    new RangeFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    String text = TextTargets.text(input);
    boolean accepted = false;
    try {
      var range = RangeHeader.parse(text).resolve(LENGTH);
      accepted = true;
      if (range.isPresent() && (range.get().start() < 0 || range.get().end() > LENGTH)) {
        throw new AssertionError("resolved outside of the content");
      }
    } catch (InvalidValue refused) {
      accepted = false;
    }
    boolean content = isContentRange(text);
    Accepted.note(accepted || content);
  }

  private static boolean isContentRange(String text) {
    ContentRange range;
    try {
      range = ContentRange.parse(text);
    } catch (InvalidValue refused) {
      return false;
    }
    try {
      if (!ContentRange.parse(range.toString()).equals(range)) {
        throw new AssertionError("spells itself otherwise");
      }
    } catch (InvalidValue refused) {
      throw new AssertionError("does not take its own spelling", refused);
    }
    return true;
  }

  @Override
  public String name() {
    return "range";
  }

  @Override
  public String oracle() {
    return "resolved range inside [0, length); Content-Range round trip";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(RangeHeader.class, ContentRange.class);
  }

  @Override
  public List<byte[]> seeds() {
    return TextTargets.seeds(
        "bytes=0-0", "bytes=0-", "bytes=-5", "bytes=5-4", "bytes=1000003-", "bytes=1000002-", "bytes=0-99999999999",
        "bytes=-0", "bytes=-", "bytes=0-0,2-3", "bytes=0-0, 4-", "bytes= 0-1", "Bytes=0-1", "bytes=bbef02", "bytes=+1-2",
        "bytes=01-2", "bytes=9223372036854775807-", "bytes=9223372036854775808-", "bytes=0-1;x", "items=0-1", "",
        "bytes 0-0/1", "bytes 0-4/10", "bytes 5-4/10", "bytes 0-10/10", "bytes */10", "bytes 0-1/*", "bytes */*",
        "bytes 0-1/9223372036854775808", "bytes  0-1/2", "bytes 0-1/2 ", "bytes=0-1/2");
  }
}
