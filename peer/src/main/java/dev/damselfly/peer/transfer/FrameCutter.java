package dev.damselfly.peer.transfer;

import dev.damselfly.api.wire.vortex.FrameHeader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cuts the bytes of one connection into frames, and passes the content between frames on without copying it.
///
/// A declared length is checked before a byte of the value is read, and memory grows with the bytes that arrived
/// (S-VTX-7). Runs on the event loop of its connection.
public final class FrameCutter {
  private static final int FIRST_SIZE = 128;

  private final Receiver receiver;
  private byte[] frame = new byte[FIRST_SIZE];
  private int have;
  private int want = FrameHeader.SIZE;
  private @Nullable FrameHeader header;
  private long content;
  private boolean stopped;

  public FrameCutter(Receiver receiver) {
    this.receiver = receiver;
  }

  /// Takes the buffer over.
  ///
  /// @throws BadFrame when the connection has to end
  public void feed(ByteBuf in) throws BadFrame {
    try {
      while (in.isReadable() && !stopped) {
        if (content > 0) {
          cutContent(in);
        } else {
          collect(in);
        }
      }
    } finally {
      in.release();
    }
  }

  /// The next bytes are content, not a frame. Called by the receiver while it handles a frame.
  public void expectContent(long length) {
    content = length;
  }

  /// Drops whatever else arrives.
  public void stop() {
    stopped = true;
  }

  /// A frame began and its end did not arrive yet.
  public boolean insideFrame() {
    return have > 0;
  }

  private void cutContent(ByteBuf in) {
    int length = (int) Math.min(in.readableBytes(), content);
    content -= length;
    receiver.content(in.readRetainedSlice(length));
  }

  private void collect(ByteBuf in) throws BadFrame {
    int length = Math.min(in.readableBytes(), want - have);
    if (have + length > frame.length) {
      frame = Arrays.copyOf(frame, Math.min(want, Math.max(have + length, 2 * frame.length)));
    }
    in.readBytes(frame, have, length);
    have += length;
    if (have == want && header == null) {
      header = Frames.whole(FrameHeader.decode(ByteBuffer.wrap(frame)));
      want += valueLength(header);
    }
    FrameHeader done = header;
    if (have == want && done != null) {
      have = 0;
      want = FrameHeader.SIZE;
      header = null;
      receiver.frame(done, ByteBuffer.wrap(frame, FrameHeader.SIZE, (int) done.length()));
    }
  }

  private int valueLength(FrameHeader of) throws BadFrame {
    int limit = receiver.maxLength(of.tag());
    if (of.length() > limit) {
      throw new BadFrame("the value of this frame has at most " + limit + " bytes");
    }
    return (int) of.length();
  }

  /// Gets what was cut out.
  public interface Receiver {
    /// Largest value of a frame with this tag.
    ///
    /// @throws BadFrame when the tag does not belong here
    int maxLength(int tag) throws BadFrame;

    /// A whole frame.
    ///
    /// @param value positioned at the value, which is there in full; valid only during the call
    void frame(FrameHeader header, ByteBuffer value) throws BadFrame;

    /// Some of the expected content. The receiver releases the buffer.
    void content(ByteBuf bytes);
  }
}
