package dev.damselfly.fuzz;

import dev.damselfly.peer.store.RecordedStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/// Reads what a parent sent, frame by frame, on its own.
final class UploadReader {
  private static final int ACCEPTED = 0xd1;
  private static final int HAVE = 0xd2;
  private static final int CONTENT = 1;
  private static final int ERROR = 0xff;

  private UploadReader() {}

  /// The one answer to everybody who may not be served.
  static boolean isRefusalOrNothing(byte[] sent) {
    byte[] text = "not served to you".getBytes(StandardCharsets.US_ASCII);
    var refusal = ByteBuffer.allocate(7 + text.length).put((byte) 0).put((byte) ERROR).putInt(1 + text.length).put((byte) 1).put(text);
    return sent.length == 0 || sent.length == refusal.capacity() && sent[1] == (byte) ERROR
        && Arrays.equals(Arrays.copyOfRange(sent, 7, sent.length), text);
  }

  /// @param tasks of these, and of one of them only, may content be
  /// @return whether any content is there
  static boolean read(byte[] sent, String... tasks) {
    return read(sent, false, tasks);
  }

  /// The same from the plain listener: there are no grants, and no news.
  static boolean readPlain(byte[] sent, String... tasks) {
    return read(sent, true, tasks);
  }

  private static boolean read(byte[] sent, boolean plain, String... tasks) {
    var in = ByteBuffer.wrap(sent);
    boolean accepted = plain;
    boolean content = false;
    while (in.hasRemaining()) {
      if (in.remaining() < 6) {
        throw new AssertionError("a frame without a head");
      }
      in.get();
      int tag = in.get() & 0xff;
      int length = in.getInt();
      Script.check(length >= 0 && length <= in.remaining(), "a frame without its end");
      byte[] value = new byte[length];
      in.get(value);
      Script.check(!plain || tag == CONTENT || tag == ERROR, "a frame that children of this protocol do not know");
      switch (tag) {
        case ACCEPTED -> accepted = true;
        case HAVE -> {
          Script.check(accepted, "news before the grant");
          Script.check(ByteBuffer.wrap(value).getInt() * 4 + 4 == length, "numbers and count differ");
        }
        case CONTENT -> {
          Script.check(accepted, "content before the grant");
          if (!content(ByteBuffer.wrap(value), in, tasks)) {
            return content; // the connection ended within the piece
          }
          content = true;
        }
        case ERROR -> Script.check(length >= 1, "an error without a code");
        default -> throw new AssertionError("an unknown frame");
      }
    }
    return content;
  }

  private static boolean content(ByteBuffer head, ByteBuffer in, String... tasks) {
    head.getInt();
    int number = head.getInt();
    long offset = head.getLong();
    int length = Math.toIntExact(head.getLong());
    byte[] digest = new byte[head.getInt()];
    head.get(digest);
    Script.check(number >= 0 && number < PieceCast.PIECES - 1, "a piece that is not held");
    Script.check(offset == number * RecordedStore.PIECE, "another place");
    byte[] bytes = new byte[Math.min(length, in.remaining())];
    in.get(bytes);
    boolean known = false;
    for (String task : tasks) {
      byte[] all = PieceCast.bytes(task, number);
      known |= length == all.length && Arrays.equals(Arrays.copyOf(all, bytes.length), bytes);
    }
    Script.check(known, "bytes of a task that was not granted");
    if (bytes.length < length) {
      return false;
    }
    var crc = new CRC32();
    crc.update(bytes);
    Script.check(new String(digest, StandardCharsets.US_ASCII).equals("crc32:" + crc.getValue()), "another checksum");
    return true;
  }
}
