package dev.damselfly.peer.legacy;

import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.peer.transfer.BadFrame;
import dev.damselfly.peer.transfer.Frames;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// What a host answers to the request of a piece, before the content (vortex 5 and 6). Claims of a stranger.
sealed interface PieceReply {
  /// The content follows.
  record Content(PieceMetadata metadata) implements PieceReply {}

  record No(ErrorReply error) implements PieceReply {}

  /// Reads exactly the frame. A declared length is checked before memory is taken for it (S-VTX-7).
  ///
  /// @throws BadFrame when it breaks the protocol
  static PieceReply read(ReadableByteChannel in) throws IOException, BadFrame {
    FrameHeader header = Frames.whole(FrameHeader.decode(exactly(in, FrameHeader.SIZE)));
    int most =
        switch (header.tag()) {
          case Tag.PIECE_CONTENT -> Integer.BYTES + PieceMetadata.MAX_METADATA;
          case Tag.ERROR -> ErrorReply.MAX_READ;
          default -> throw new BadFrame("a request is answered with content or an error");
        };
    if (header.length() > most) {
      throw new BadFrame("the value of this frame has at most " + most + " bytes");
    }
    ByteBuffer value = exactly(in, (int) header.length());
    return header.tag() == Tag.ERROR
        ? new No(Frames.whole(ErrorReply.decode(header, value)))
        : new Content(Frames.whole(PieceMetadata.decode(header, value)));
  }

  private static ByteBuffer exactly(ReadableByteChannel in, int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (in.read(bytes) < 0) {
        throw new EOFException("the host hung up");
      }
    }
    return bytes.flip();
  }
}
