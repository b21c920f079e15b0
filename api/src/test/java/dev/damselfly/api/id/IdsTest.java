package dev.damselfly.api.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class IdsTest {
  static Stream<JsonNode> hostIds() {
    return Vectors.ids("host_ids");
  }

  static Stream<JsonNode> peerIds() {
    return Vectors.ids("peer_ids");
  }

  static Stream<JsonNode> pieceLengths() {
    return Vectors.ids("piece_lengths");
  }

  static Stream<JsonNode> ranges() {
    return Vectors.ids("range_selection");
  }

  static Stream<JsonNode> pieceDigests() {
    return Vectors.ids("piece_digests");
  }

  static Stream<JsonNode> userDigests() {
    return Vectors.ids("user_digests");
  }

  @ParameterizedTest
  @MethodSource("hostIds")
  void hostId_equalsTheVector(JsonNode row) {
    var id = HostId.of(row.get("ip").asText(), row.get("hostname").asText(), row.get("seed").asBoolean());

    assertThat(id).hasToString(row.get("id").asText());
    assertThat(id.embeds(row.get("hostname").asText(), row.get("seed").asBoolean())).isTrue();
  }

  @ParameterizedTest
  @MethodSource("peerIds")
  void peerId_equalsTheVector(JsonNode row) {
    boolean seed = row.get("seed").asBoolean();
    var uuid = UUID.fromString(row.get("uuid").asText());

    var id = PeerId.of(row.get("ip").asText(), row.get("hostname").asText(), seed, uuid);

    assertThat(id).hasToString(row.get("id").asText());
    assertThat(id.embeds(row.get("hostname").asText(), seed)).isTrue();
  }

  @Test
  void random_makesVersionFourAndEmbedsItsHost() {
    var id = PeerId.random("2001:db8::1", "node-a", true, new Random(1));
    String uuid = id.value().substring("2001:db8::1-node-a-".length(), id.value().length() - "-seed".length());

    assertThat(UUID.fromString(uuid).version()).isEqualTo(4);
    assertThat(UUID.fromString(uuid).variant()).isEqualTo(2);
    assertThat(id.embeds("node-a", true)).isTrue();
    assertThat(id).isNotEqualTo(PeerId.random("2001:db8::1", "node-a", true, new Random(2)));
  }

  @Test
  @Threat("S-VTX-2")
  void hostId_embedsRefusesOtherHosts() {
    assertThat(new HostId("10.0.0.1-node-a").embeds("node-a", true)).isFalse();
    assertThat(new HostId("10.0.0.1-node-a").embeds("a", false)).isFalse();
    assertThat(new HostId("10.0.0.1-node-a-seed").embeds("node-a", false)).isFalse();
    assertThat(new HostId("node-a").embeds("node-a", false)).isFalse();
    assertThat(new HostId("x-node-a").embeds("node-a", false)).isFalse();
  }

  @Test
  @Threat({"S-VTX-2", "TOB-6"})
  void embeds_refusesOtherHostsAndForms() {
    String uuid = "11111111-2222-4333-8444-555555555555";

    assertThat(new PeerId("10.0.0.1-node-a-" + uuid).embeds("node-a", true)).isFalse();
    assertThat(new PeerId("10.0.0.1-node-a-" + uuid + "-seed").embeds("node-a", false)).isFalse();
    assertThat(new PeerId("10.0.0.1-node-a-" + uuid).embeds("a", false)).isFalse();
    assertThat(new PeerId("10.0.0.1-node-ab-" + uuid).embeds("node-a", false)).isFalse();
    assertThat(new PeerId("nonsense-node-a-" + uuid).embeds("node-a", false)).isFalse();
    assertThat(new PeerId("10.0.0.1-node-a-" + uuid.toUpperCase(Locale.ROOT).replace('1', 'A'))
            .embeds("node-a", false))
        .isFalse();
    assertThat(new PeerId("x").embeds("node-a", false)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\n", "é", "\u007f"})
  @Threat("TOB-6")
  void hostAndPeerId_refuse(String text) {
    assertThatThrownBy(() -> new HostId(text)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PeerId(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat("B-27")
  void hostAndPeerId_areBounded() {
    assertThat(new HostId("a".repeat(320)).value()).hasSize(320);
    assertThat(new PeerId("a".repeat(512)).value()).hasSize(512);
    assertThatThrownBy(() -> new HostId("a".repeat(321))).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PeerId("a".repeat(513))).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> HostId.of("10.0.0", "a", false)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> HostId.of("10.0.0.1", "", false)).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat({"TOB-6", "B-28"})
  void taskId_hasItsLength() {
    for (int length = 0; length < 130; length++) {
      String text = "a".repeat(length);
      if (length != TaskId.LENGTH) {
        assertThatThrownBy(() -> new TaskId(text)).as("%d", length).isInstanceOf(InvalidValue.class);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "457B", "g", "../../../../etc/passwd"})
  @Threat({"TOB-6", "B-28"})
  void taskId_refuses(String text) {
    assertThatThrownBy(() -> new TaskId(text)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new TaskId((text + "A".repeat(64)).substring(0, 64))).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @MethodSource("pieceLengths")
  void standardLayout_equalsTheVector(JsonNode row) {
    var layout = PieceLayout.standard(row.get("content_length").asLong());

    assertThat(layout.pieceLength()).isEqualTo(row.get("piece_length").asLong());
    assertThat(layout.count()).isEqualTo(row.get("piece_count").asInt());
    if (layout.count() > 0) {
      assertThat(layout.range(new PieceNumber(layout.count() - 1)).length())
          .isEqualTo(row.get("last_piece_length").asLong());
    }
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void rangeSelection_equalsTheVector(JsonNode row) {
    var layout = new PieceLayout(row.get("content_length").asLong(), row.get("piece_length").asLong());
    var range = new ByteRange(row.get("range_start").asLong(), row.get("range_length").asLong());

    var pieces = IntStream.rangeClosed(layout.first(range).value(), layout.last(range).value());

    assertThat(pieces.boxed().map(String::valueOf).toList()).isEqualTo(Vectors.strings(row.get("pieces")));
  }

  @Property
  void range_coversEachByteOnce(@ForAll int seed) {
    var random = new Random(seed);
    long content = random.nextLong(1, 1L << 40);
    var layout = PieceLayout.standard(content);
    var number = new PieceNumber(random.nextInt(layout.count()));

    var range = layout.range(number);

    assertThat(range.start()).isEqualTo(number.value() * layout.pieceLength());
    assertThat(range.end()).isLessThanOrEqualTo(content);
    assertThat(layout.first(range)).isEqualTo(number);
    assertThat(layout.last(range)).isEqualTo(number);
  }

  @Test
  @Threat({"TOB-19", "B-03", "B-19"})
  void layout_refusesWhatDoesNotFit() {
    assertThat(new PieceLayout(1L << 46, 64 << 20).count()).isEqualTo(PieceNumber.MAX);
    assertThatThrownBy(() -> new PieceLayout((1L << 46) + 1, 64 << 20)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PieceLayout(1L << 46, 4 << 20)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PieceLayout(-1, 4 << 20)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PieceLayout(10, (64 << 20) + 1)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PieceLayout(10, (4 << 20) - 1)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new PieceLayout(10, 4 << 20).first(new ByteRange(10, 1)))
        .isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> PieceLayout.standard(0).range(new PieceNumber(0))).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @MethodSource("pieceDigests")
  void crc32_equalsTheVector(JsonNode row) {
    var crc = new CRC32();
    crc.update(row.get("content_utf8").asText().getBytes(StandardCharsets.UTF_8));

    assertThat(new Crc32Text(crc.getValue())).hasToString(row.get("digest").asText());
    assertThat(Crc32Text.parse(row.get("digest").asText()).value()).isEqualTo(crc.getValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "crc32:", "crc32:01", "crc32:-1", "crc32:4294967296", "crc32:99999999999", "CRC32:1", "crc32:a",
        "crc32:+1", "crc32: 1", "crc32:١", "sha256:1"})
  void crc32_refuses(String text) {
    assertThatThrownBy(() -> Crc32Text.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @MethodSource("userDigests")
  @Threat({"TOB-15", "CVE-2025-59354"})
  void digest_takesOnlyStrongOnesOfTheVectors(JsonNode row) {
    String text = row.get("text").asText();

    if (text.matches("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")) {
      assertThat(Digest.parse(text)).hasToString(text);
    } else {
      assertThatThrownBy(() -> Digest.parse(text)).isInstanceOf(InvalidValue.class);
    }
  }

  @Test
  @Threat({"TOB-15", "TOB-10"})
  void digest_refusesEveryOtherSpelling() {
    String hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    for (String text :
        new String[] {
          "", "sha256", "sha256:", hex, "SHA256:" + hex, "sha256-" + hex, " sha256:" + hex, "sha256:" + hex + " ",
          "sha512:" + hex, "sha1:" + hex.substring(24), "sha256:" + hex.toUpperCase(Locale.ROOT)
        }) {
      assertThatThrownBy(() -> Digest.parse(text)).isInstanceOf(InvalidValue.class);
    }
  }

  @Test
  void digest_matchesItsCalculation() {
    var empty = Digest.parse("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    assertThat(empty.matches(empty.newDigest().digest())).isTrue();
    assertThat(empty.matches(new byte[32])).isFalse();
    assertThat(Digest.of(empty.algorithm(), empty.newDigest().digest())).isEqualTo(empty);
    assertThat(Digest.of(new Sha256(empty.hex()))).isEqualTo(empty);
  }

  @Test
  @Threat("TOB-19")
  void byteSize_refusesOverflow() {
    assertThatThrownBy(() -> ByteSize.fromUint64(-1)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new ByteSize(Long.MAX_VALUE).plus(new ByteSize(1))).isInstanceOf(InvalidValue.class);
    assertThat(ByteSize.ofMebibytes(4).bytes()).isEqualTo(4_194_304);
    assertThat(new ByteSize(1536).display()).isEqualTo("1.5 KiB");
    assertThat(new ByteSize(5).display()).isEqualTo("5 B");
  }
}
