package dev.damselfly.api.wire.vortex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.vortex.FrameReader.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.ByteRange;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class FramesTest {
  private static final String TASK = "457b4328cde278e422c9e243f7bfd1e97f511fec43a80f535cf6b0ef6b086776";

  static Stream<JsonNode> frames() {
    return Vectors.load("vortex.json").get("frames").valueStream();
  }

  static Stream<JsonNode> refused() {
    return Vectors.load("vortex.json").get("refused").valueStream();
  }

  private static byte[] bytes(JsonNode row) {
    return HexFormat.of().parseHex(row.get("hex").asText());
  }

  private static Object expected(JsonNode row) {
    return switch (row.get("type").asText()) {
      case "request" ->
          new PieceRequest(new TaskId(row.get("task_id").asText()), new PieceNumber(row.get("number").asInt()));
      case "content" ->
          new PieceMetadata(
              new PieceNumber(row.get("number").asInt()),
              row.get("offset").asLong(),
              row.get("length").asLong(),
              row.get("digest").asText(),
              row.get("parent_id").asText(),
              row.get("traffic_type").asInt(),
              row.get("cost").asLong(),
              row.get("created_at").asLong());
      case "error" -> new ErrorReply(row.get("code").asInt(), row.get("message").asText());
      case "empty" -> new EmptyFrame(row.get("tag").asInt());
      default -> throw new IllegalStateException("unknown type");
    };
  }

  @ParameterizedTest
  @MethodSource("frames")
  void decode_equalsTheVectorAndEncodesToIt(JsonNode row) {
    byte[] bytes = bytes(row);

    var decoded = (Decoded.Value<Frame>) FrameReader.read(bytes);

    assertThat(decoded.value().value()).isEqualTo(expected(row));
    assertThat(decoded.value().header().id()).isEqualTo(row.get("id").asInt());
    assertThat(decoded.value().header().tag()).isEqualTo(row.get("tag").asInt());
    assertThat(decoded.consumed()).isEqualTo(bytes.length);
    assertThat(FrameReader.write(decoded.value())).isEqualTo(bytes);
  }

  @ParameterizedTest
  @MethodSource("refused")
  @Threat({"S-VTX-7", "S-VTX-4", "TOB-6"})
  void decode_refusesTheVector(JsonNode row) {
    assertThat(FrameReader.read(bytes(row))).isInstanceOf(Decoded.Bad.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 67, 69, 4096})
  @Threat({"S-VTX-7", "B-01"})
  void request_isRefusedByItsHeaderAlone(int length) {
    var header = new FrameHeader(1, Tag.DOWNLOAD_PIECE, length);

    assertThat(PieceRequest.decode(header, ByteBuffer.allocate(0))).isInstanceOf(Decoded.Bad.class);
  }

  @Test
  @Threat({"S-VTX-7", "B-05"})
  void everyDecoder_refusesADeclaredLengthAboveItsLimitWithoutWaiting() {
    var nothing = ByteBuffer.allocate(0);

    assertThat(PieceMetadata.decode(new FrameHeader(0, Tag.PIECE_CONTENT, 0xffff_ffffL), nothing))
        .isInstanceOf(Decoded.Bad.class);
    assertThat(ErrorReply.decode(new FrameHeader(0, Tag.ERROR, 4097), nothing)).isInstanceOf(Decoded.Bad.class);
    assertThat(GrantFrame.decode(new FrameHeader(0, Tag.GRANT, 8193), nothing)).isInstanceOf(Decoded.Bad.class);
    assertThat(Have.decode(new FrameHeader(0, Tag.HAVE, 4 + 4 * 8193), nothing)).isInstanceOf(Decoded.Bad.class);
    assertThat(EmptyFrame.decode(new FrameHeader(0, Tag.GRANT_ACCEPTED, 1))).isInstanceOf(Decoded.Bad.class);
  }

  /// Both texts of piece metadata have their length in front of them; the rest must fit to the byte.
  @Test
  @Threat({"S-VTX-4", "TOB-6"})
  void metadata_withAnInnerLengthThatDoesNotFitIsRefused() {
    byte[] good = FrameReader.write(frame(Tag.PIECE_CONTENT, metadata(new Random(2), 12, 40)));
    int digestAt = FrameHeader.SIZE + 24;
    int parentAt = digestAt + Integer.BYTES + 12;

    for (int length = 0; length < 200; length++) {
      byte[] digest = good.clone();
      ByteBuffer.wrap(digest).putInt(digestAt, length);
      byte[] parent = good.clone();
      ByteBuffer.wrap(parent).putInt(parentAt, length);

      assertThat(FrameReader.read(digest) instanceof Decoded.Bad<?>).as("digest of %d", length).isEqualTo(length != 12);
      assertThat(FrameReader.read(parent) instanceof Decoded.Bad<?>).as("parent of %d", length).isEqualTo(length != 40);
    }
  }

  /// A byte of a frame that no field holds is where two readers differ.
  @Test
  @Threat({"S-VTX-4", "TOB-6"})
  void metadata_withBytesBehindItsFieldsIsRefused() {
    byte[] good = FrameReader.write(frame(Tag.PIECE_CONTENT, metadata(new Random(2), 12, 40)));
    int value = good.length - FrameHeader.SIZE;

    for (int more = 1; more < 40; more++) {
      byte[] longer = Arrays.copyOf(good, good.length + more);
      ByteBuffer.wrap(longer).putInt(2, value + more).putInt(FrameHeader.SIZE, value - Integer.BYTES + more);

      assertThat(FrameReader.read(longer)).as("%d more", more).isInstanceOf(Decoded.Bad.class);
    }
  }

  @Test
  void limits_areInclusive() {
    var have = new Have(IntStream.range(0, Have.MAX).mapToObj(PieceNumber::new).toList());
    var grant = new GrantFrame(ByteString.copyFrom(new byte[GrantFrame.MAX]));
    var error = ErrorReply.of(ErrorReply.Kind.INTERNAL, "é".repeat(200));
    var metadata = metadata(new Random(1), PieceMetadata.MAX_DIGEST, PieceMetadata.MAX_PARENT_ID);

    for (Frame frame :
        List.of(
            frame(Tag.HAVE, have),
            frame(Tag.GRANT, grant),
            frame(Tag.ERROR, error),
            frame(Tag.PIECE_CONTENT, metadata))) {
      byte[] bytes = FrameReader.write(frame);
      assertThat(((Decoded.Value<Frame>) FrameReader.read(bytes)).value().value()).isEqualTo(frame.value());
    }
    assertThat(error.encodedSize()).isEqualTo(6 + 1 + 256);
  }

  @Test
  void have_refusesDisorderAndBadCounts() {
    var two = new PieceNumber(2);

    assertThatThrownBy(() -> new Have(List.of())).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new Have(List.of(two, two))).isInstanceOf(InvalidValue.class);
    assertThat(read("01d20000000c000000020000000200000002")).isInstanceOf(Decoded.Bad.class);
    assertThat(read("01d20000000c000000020000000200000001")).isInstanceOf(Decoded.Bad.class);
    assertThat(read("01d20000000c000000030000000100000002")).isInstanceOf(Decoded.Bad.class);
    assertThat(read("01d20000000800000001ffffffff")).isInstanceOf(Decoded.Bad.class);
    assertThat(read("01d200000004" + "00000000")).isInstanceOf(Decoded.Bad.class);
    assertThat(read("01d20000000c000000020000000100000002")).isInstanceOf(Decoded.Value.class);
  }

  private static Decoded<Frame> read(String hex) {
    return FrameReader.read(HexFormat.of().parseHex(hex));
  }

  @Test
  void grant_parsesItsMessage() {
    var grant = Grant.newBuilder().setKeyId("k").build();

    assertThat(new GrantFrame(grant.toByteString()).grant()).isEqualTo(grant);
    assertThatThrownBy(() -> new GrantFrame(ByteString.copyFrom(new byte[] {1})).grant())
        .isInstanceOf(InvalidValue.class);
  }

  @Test
  void error_isHarmlessForLogs() {
    var error = new ErrorReply(9, "a\nb\u001b[31mé" + "x".repeat(500));

    assertThat(error.kind()).isEqualTo(ErrorReply.Kind.UNKNOWN);
    assertThat(error.display()).startsWith("a?b?[31m?x").hasSize(256);
    assertThatThrownBy(() -> error.encode(1, ByteBuffer.allocate(1000))).isInstanceOf(InvalidValue.class);
  }

  @Test
  void decode_doesNotDependOnTheOrderOfTheBufferNorMoveIt() {
    byte[] bytes = FrameReader.write(frame(Tag.DOWNLOAD_PIECE, new PieceRequest(new TaskId(TASK), new PieceNumber(7))));
    var in = ByteBuffer.allocateDirect(100).order(ByteOrder.LITTLE_ENDIAN).put(9, bytes).position(9);

    var header = ((Decoded.Value<FrameHeader>) FrameHeader.decode(in)).value();

    assertThat(header.length()).isEqualTo(68);
    assertThat(in.position()).isEqualTo(9);
  }

  @Test
  void request_withAnotherTagIsRefused() {
    var request = new PieceRequest(new TaskId(TASK), new PieceNumber(7));

    assertThatThrownBy(() -> request.encode(1, Tag.PIECE_CONTENT, ByteBuffer.allocate(100)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(PieceRequest.decode(new FrameHeader(1, Tag.ERROR, 68), ByteBuffer.allocate(68)))
        .isInstanceOf(Decoded.Bad.class);
    assertThat(Tag.contentFor(Tag.DOWNLOAD_PERSISTENT_PIECE)).isEqualTo(Tag.PERSISTENT_PIECE_CONTENT);
    assertThat(Tag.isDamselfly(Tag.HAVE)).isTrue();
    assertThat(Tag.isDamselfly(8)).isFalse();
  }

  private static Frame frame(int tag, Object value) {
    return new Frame(new FrameHeader(42, tag, 0), value);
  }

  private static PieceMetadata metadata(Random random, int digest, int parent) {
    return new PieceMetadata(
        new PieceNumber(random.nextInt(PieceNumber.MAX)),
        random.nextLong(1L << 46),
        random.nextLong(64 << 20),
        visible(random, digest),
        visible(random, parent),
        random.nextInt(3),
        random.nextLong(Long.MAX_VALUE),
        random.nextLong(1L << 40) - (1L << 39));
  }

  private static String visible(Random random, int length) {
    var out = new StringBuilder();
    for (int i = 0; i < length; i++) {
      out.append((char) random.nextInt('!', '~' + 1));
    }
    return out.toString();
  }

  /// A random valid frame of any kind.
  private static Frame randomFrame(Random random) {
    int family = 2 * random.nextInt(4);
    return switch (random.nextInt(6)) {
      case 0 -> frame(family, new PieceRequest(taskId(random), new PieceNumber(random.nextInt(PieceNumber.MAX))));
      case 1 -> frame(family + 1, metadata(random, random.nextInt(143), random.nextInt(513)));
      case 2 -> frame(Tag.ERROR, new ErrorReply(random.nextInt(256), "é" + visible(random, random.nextInt(200))));
      case 3 -> frame(Tag.GRANT, new GrantFrame(ByteString.copyFromUtf8(visible(random, 1 + random.nextInt(300)))));
      case 4 -> frame(Tag.HAVE, have(random));
      default -> frame(Tag.CLOSE, new EmptyFrame(Tag.CLOSE));
    };
  }

  private static TaskId taskId(Random random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return new TaskId(HexFormat.of().formatHex(bytes));
  }

  private static Have have(Random random) {
    List<PieceNumber> numbers = new ArrayList<>();
    int number = 0;
    for (int i = 0; i <= random.nextInt(50); i++) {
      number += 1 + random.nextInt(1000);
      numbers.add(new PieceNumber(number));
    }
    return new Have(numbers);
  }

  @Property(tries = 500)
  void decode_takesWhatEncodeWroteAtEverySplit(@ForAll int seed) {
    var frame = randomFrame(new Random(seed));
    byte[] bytes = FrameReader.write(frame);

    for (int have = 0; have < bytes.length; have++) {
      var more = (Decoded.NeedMore<Frame>) FrameReader.read(Arrays.copyOf(bytes, have));
      assertThat(more.bytes()).isBetween(1, bytes.length - have);
    }
    var whole = (Decoded.Value<Frame>) FrameReader.read(bytes);
    assertThat(whole.value().value()).isEqualTo(frame.value());
    assertThat(whole.consumed()).isEqualTo(bytes.length);
  }

  @Property(tries = 300)
  @Threat("S-VTX-4")
  void decode_afterAnyChangedByteRefusesOrEncodesToTheSameBytes(
      @ForAll int seed, @ForAll @ByteRange(min = 1, max = 127) byte change) {
    byte[] bytes = FrameReader.write(randomFrame(new Random(seed)));

    for (int at = 0; at < bytes.length; at++) {
      byte[] changed = bytes.clone();
      changed[at] ^= change;
      switch (FrameReader.read(changed)) {
        case Decoded.Value<Frame>(Frame(FrameHeader _, ErrorReply reply), int consumed)
            when reply.encodedSize() > FrameHeader.SIZE + 1 + ErrorReply.MAX_WRITTEN -> // read, but never written
            assertThat(consumed).isEqualTo(reply.encodedSize());
        case Decoded.Value<Frame>(Frame frame, int consumed) -> {
          byte[] again = FrameReader.write(frame);
          assertThat(again).isEqualTo(Arrays.copyOf(changed, consumed));
        }
        case Decoded.NeedMore<Frame>(int missing) -> assertThat(missing).isPositive();
        case Decoded.Bad<Frame>(String rule) -> assertThat(rule).isNotEmpty();
      }
    }
  }

  @Property(tries = 3000)
  @Threat({"S-VTX-9", "TOB-9"})
  void decode_isTotal(@ForAll byte[] bytes) {
    assertThat(FrameReader.read(bytes)).isNotNull();
  }
}
