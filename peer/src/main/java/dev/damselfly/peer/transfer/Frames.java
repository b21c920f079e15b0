package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.vortex.Decoded;
import dev.damselfly.api.wire.vortex.EmptyFrame;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.GrantFrame;
import dev.damselfly.api.wire.vortex.Have;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.peer.content.PieceRecord;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// Frames of a piece connection as buffers, for both ends. The frame id is always 0: replies come in order.
public final class Frames {
  private Frames() {}

  /// The decoded value of a frame that is there in full.
  public static <T> T whole(Decoded<T> decoded) throws BadFrame {
    return switch (decoded) {
      case Decoded.Value<T> v -> v.value();
      case Decoded.NeedMore<T> _ -> throw new BadFrame("a frame is as long as its header says");
      case Decoded.Bad<T> bad -> throw new BadFrame(bad.rule());
    };
  }

  public static ByteBuf grant(ByteBufAllocator alloc, ByteString grant) {
    var frame = new GrantFrame(grant);
    return encode(alloc, frame.encodedSize(), out -> frame.encode(0, out));
  }

  public static ByteBuf accepted(ByteBufAllocator alloc) {
    var frame = new EmptyFrame(Tag.GRANT_ACCEPTED);
    return encode(alloc, 6, out -> frame.encode(0, out));
  }

  /// @param numbers ascending, at most [Have#MAX]
  public static ByteBuf have(ByteBufAllocator alloc, List<PieceNumber> numbers) {
    var frame = new Have(numbers);
    return encode(alloc, frame.encodedSize(), out -> frame.encode(0, out));
  }

  public static ByteBuf request(ByteBufAllocator alloc, TaskId task, PieceNumber number) {
    var frame = new PieceRequest(task, number);
    return encode(alloc, PieceRequest.SIZE, out -> frame.encode(0, Tag.DOWNLOAD_PIECE, out));
  }

  /// What stands before the content of a piece. Says nothing about where we have it from.
  public static ByteBuf contentHead(ByteBufAllocator alloc, PieceRecord piece) {
    var frame =
        new PieceMetadata(
            piece.number(),
            piece.range().start(),
            piece.range().length(),
            piece.crc32(),
            "",
            PieceMetadata.REMOTE_PEER,
            0,
            piece.at().getEpochSecond());
    return encode(alloc, frame.encodedSize(), out -> frame.encode(0, Tag.PIECE_CONTENT, out));
  }

  public static ByteBuf error(ByteBufAllocator alloc, ErrorReply.Kind kind, String message) {
    var frame = ErrorReply.of(kind, message);
    return encode(alloc, frame.encodedSize(), out -> frame.encode(0, out));
  }

  private static ByteBuf encode(ByteBufAllocator alloc, int size, Consumer<ByteBuffer> encoder) {
    ByteBuf frame = alloc.directBuffer(size, size);
    encoder.accept(frame.internalNioBuffer(0, size));
    return frame.writerIndex(size);
  }
}
