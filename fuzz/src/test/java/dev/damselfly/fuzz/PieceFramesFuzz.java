package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.vortex.Decoded;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.GrantFrame;
import dev.damselfly.api.wire.vortex.Have;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.api.wire.vortex.Tag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Frames of the piece protocol: whatever is accepted was decoded from exactly the bytes that it says, from whole input
/// only, and a shorter input asks for more or is refused.
final class PieceFramesFuzz implements Target {
  public static void fuzzerTestOneInput(byte[] input) {
    new PieceFramesFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    var in = ByteBuffer.wrap(input);
    if (!(FrameHeader.decode(in) instanceof Decoded.Value<FrameHeader>(FrameHeader header, int size))) {
      Accepted.no();
      return;
    }
    in.position(size);
    Decoded<?> whole = decode(header, in.duplicate());
    if (!(whole instanceof Decoded.Value<?>(Object value, int consumed))) {
      Accepted.no();
      return;
    }
    Accepted.yes();
    check(consumed <= in.remaining(), "consumed more than there is");
    for (int cut = 0; cut < consumed; cut += 1 + consumed / 7) {
      var part = ByteBuffer.wrap(input, size, cut).slice();
      check(!(decode(header, part) instanceof Decoded.Value<?>), "accepted a part as the whole");
    }
    var exact = ByteBuffer.wrap(input, size, consumed).slice();
    check(decode(header, exact) instanceof Decoded.Value<?>(Object again, int _) && again.equals(value), "depends on what follows");
  }

  private static Decoded<?> decode(FrameHeader header, ByteBuffer in) {
    try {
      return switch (header.tag()) {
        case Tag.DOWNLOAD_PIECE -> PieceRequest.decode(header, in);
        case Tag.PIECE_CONTENT -> PieceMetadata.decode(header, in);
        case Tag.ERROR -> ErrorReply.decode(header, in);
        case Tag.GRANT -> GrantFrame.decode(header, in);
        case Tag.HAVE -> Have.decode(header, in);
        default -> new Decoded.Bad<>("no such frame");
      };
    } catch (InvalidValue e) {
      throw new AssertionError("a decoder answers, it does not throw", e);
    }
  }

  private static void check(boolean holds, String finding) {
    if (!holds) {
      throw new AssertionError(finding);
    }
  }

  @Override
  public String name() {
    return "piece-frames";
  }

  @Override
  public String oracle() {
    return "accepted: whole input only, same value from exactly its bytes";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(FrameHeader.class, PieceRequest.class, PieceMetadata.class, ErrorReply.class, GrantFrame.class, Have.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    String task = "457b4328cde278e422c9e243f7bfd1e97f511fec43a80f535cf6b0ef6b086776";
    seeds.add(hex("2a0000000044" + HexFormat.of().formatHex(new TaskId(task).value().getBytes(java.nio.charset.StandardCharsets.US_ASCII)) + "00000007"));
    seeds.add(hex("2b010000007500000071000000070000000001c00000000000000000000a0000001063726333323a3237393337313937353000000034"
        + "31302e302e302e392d6e6f64652d622d31313131313131312d323232322d343333332d383434342d353535353535353535353535"
        + "010000000000000002000000006955b900"));
    seeds.add(hex("0001000000310000002d0000000000000000000000000000000000000000000000000000000001000000000000000000000000000000"));
    seeds.add(hex("2cff0000000103"));
    seeds.add(hex("2cff0000000502706965"));
    seeds.add(hex("2dfe00000000"));
    for (int count = 1; count <= 24; count++) {
      var have = ByteBuffer.allocate(6 + 4 + 4 * count).put((byte) 9).put((byte) Tag.HAVE).putInt(4 + 4 * count).putInt(count);
      for (int i = 0; i < count; i++) {
        have.putInt(new PieceNumber(i * count).value());
      }
      seeds.add(have.array());
    }
    seeds.add(hex("01d00000000412020a00"));
    seeds.add(hex("01d100000000"));
    return seeds;
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
