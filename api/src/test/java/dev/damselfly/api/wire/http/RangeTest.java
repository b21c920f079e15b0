package dev.damselfly.api.wire.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.ByteRange;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class RangeTest {
  @ParameterizedTest
  @CsvSource({
    "bytes=0-499,10000,0,500",
    "bytes=500-999,10000,500,500",
    "bytes=-500,10000,9500,500",
    "bytes=9500-,10000,9500,500",
    "'bytes=0-0,-1',10000,0,1",
    "'bytes=0-0 ,\t5-',10000,0,1",
    "BYTES=0-0,1,0,1",
    "bytes=007-8,10,7,2",
    "bytes=0-9223372036854775807,10,0,10",
    "bytes=-9223372036854775807,10,0,10",
    "bytes=0-,9223372036854775807,0,9223372036854775807",
  })
  void resolve_followsRfc9110(String header, long length, long start, long size) {
    assertThat(RangeHeader.parse(header).resolve(length)).contains(new ByteRange(start, size));
  }

  @ParameterizedTest
  @CsvSource({"bytes=10-,10", "bytes=0-,0", "bytes=-5,0", "bytes=-0,10", "bytes=9223372036854775807-,10"})
  void resolve_isEmptyWhenNothingCanBeSent(String header, long length) {
    assertThat(RangeHeader.parse(header).resolve(length)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=bbef02", "bytes=5-4", "bytes=1--2", "bytes=1-2-3",
        "bytes= 1-2", " bytes=1-2", "bytes=1-2 x", "bytes=1 -2", "bytes=1-2,", "bytes=,1-2", "bytes=1-2,,3-4",
        "items=0-1", "bytes:0-1", "bytes=+1-2", "bytes=0x1-2", "bytes=9223372036854775808-", "bytes=0-9223372036854775808",
        "bytes=-9223372036854775808", "bytes=99999999999999999999-", "bytes=١-٢", "byteſ=0-1", "bytes=0-1\r\nx: y"
      })
  @Threat({"TOB-10", "TOB-19"})
  void parse_refusesWhatIsNotInTheGrammar(String header) {
    assertThatThrownBy(() -> RangeHeader.parse(header)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void parse_boundsRangesAndLength() {
    assertThat(RangeHeader.parse("bytes=0-0" + ",1-1".repeat(15)).count()).isEqualTo(16);
    assertThatThrownBy(() -> RangeHeader.parse("bytes=0-0" + ",1-1".repeat(16))).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> RangeHeader.parse("bytes=" + "0".repeat(1100) + "1-2")).isInstanceOf(InvalidValue.class);
  }

  @Property
  @Threat("TOB-19")
  void resolve_staysInsideTheContent(
      @ForAll @LongRange(min = 0) long first, @ForAll @LongRange(min = 0) long size, @ForAll @LongRange(min = 0) long length) {
    long last = size > Long.MAX_VALUE - first ? Long.MAX_VALUE : first + size;

    for (String header : new String[] {"bytes=" + first + "-" + last, "bytes=" + first + "-", "bytes=-" + size}) {
      RangeHeader.parse(header)
          .resolve(length)
          .ifPresent(range -> assertThat(range.end()).isLessThanOrEqualTo(length));
    }
  }

  @Test
  void of_asksForExactlyTheRange() {
    var range = new ByteRange(5, 10);

    assertThat(RangeHeader.of(range)).isEqualTo("bytes=5-14");
    assertThat(RangeHeader.parse(RangeHeader.of(range)).resolve(100)).contains(range);
  }

  @Test
  void contentRange_readsTheThreeForms() {
    assertThat(ContentRange.parse("bytes 42-1233/1234"))
        .isEqualTo(new ContentRange.Part(new ByteRange(42, 1192), OptionalLong.of(1234)));
    assertThat(ContentRange.parse("bytes 42-1233/*"))
        .isEqualTo(new ContentRange.Part(new ByteRange(42, 1192), OptionalLong.empty()));
    assertThat(ContentRange.parse("bytes */1234")).isEqualTo(new ContentRange.None(1234));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes 0-0/1", "bytes 5-9/*", "bytes */0"})
  void contentRange_roundTrips(String value) {
    assertThat(ContentRange.parse(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "bytes", "bytes 0-1", "bytes 0-1/", "bytes 0-1/1", "bytes 2-1/5", "bytes */*", "bytes -1/5", "bytes 0-/5",
        "bytes=0-1/5", "bytes  0-1/5", " bytes 0-1/5", "bytes 0-1/5 ", "items 0-1/5", "bytes 0-1/5,", "bytes 0 -1/5",
        "bytes 0-9223372036854775807/*", "bytes 0-9223372036854775808/*", "bytes 0-1/99999999999999999999", "bytes *"
      })
  @Threat({"TOB-10", "TOB-19"})
  void contentRange_refusesTheRest(String value) {
    assertThatThrownBy(() -> ContentRange.parse(value)).isInstanceOf(InvalidValue.class);
  }
}
