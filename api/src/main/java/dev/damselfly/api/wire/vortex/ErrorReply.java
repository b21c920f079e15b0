package dev.damselfly.api.wire.vortex;

import dev.damselfly.api.error.InvalidValue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// A parent refuses a piece.
///
/// @param code 0..255, see [#kind]
/// @param message text of the other side: never shown before [#display] made it harmless; at most 4095 bytes
public record ErrorReply(int code, String message) {
  /// Bytes of a message that we write.
  public static final int MAX_WRITTEN = 256;
  /// Bytes of a value that we read (B-05).
  public static final int MAX_READ = 4096;

  /// Meaning of a code.
  public enum Kind {
    UNKNOWN(0),
    INVALID_ARGUMENT(1),
    NOT_FOUND(2),
    INTERNAL(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  public ErrorReply {
    if (code < 0 || code > 0xff) {
      throw new InvalidValue("code must be an octet");
    }
    if (message.length() >= MAX_READ || message.getBytes(StandardCharsets.UTF_8).length >= MAX_READ) {
      throw new InvalidValue("message must have less than " + MAX_READ + " bytes");
    }
  }

  /// For sending: the message is cut to 256 bytes, at a character.
  public static ErrorReply of(Kind kind, String message) {
    int bytes = 0;
    int end = 0;
    while (end < message.length()) {
      int c = message.codePointAt(end);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x1_0000 ? 3 : 4;
      if (bytes > MAX_WRITTEN) {
        break;
      }
      end += Character.charCount(c);
    }
    return new ErrorReply(kind.code, message.substring(0, end));
  }

  /// Codes without a meaning of their own are unknown.
  public Kind kind() {
    for (Kind kind : Kind.values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    return Kind.UNKNOWN;
  }

  /// @param header just decoded, with the error tag
  /// @param in positioned at the value
  public static Decoded<ErrorReply> decode(FrameHeader header, ByteBuffer in) {
    if (header.tag() != Tag.ERROR) {
      return new Decoded.Bad<>("an error has the error tag");
    }
    long length = header.length();
    if (length < 1 || length > MAX_READ) {
      return new Decoded.Bad<>("an error has 1 to " + MAX_READ + " bytes");
    }
    if (in.remaining() < length) {
      return new Decoded.NeedMore<>((int) length - in.remaining());
    }
    int size = (int) length;
    int code = in.get(in.position()) & 0xff;
    return Octets.utf8(in, in.position() + 1, size - 1)
        .<Decoded<ErrorReply>>map(text -> new Decoded.Value<>(new ErrorReply(code, text), size))
        .orElseGet(() -> new Decoded.Bad<>("an error message is UTF-8"));
  }

  /// Bytes of header and value.
  public int encodedSize() {
    return FrameHeader.SIZE + 1 + message.getBytes(StandardCharsets.UTF_8).length;
  }

  /// Writes header and value.
  ///
  /// @throws InvalidValue when the message is longer than we send, see [#of]
  public void encode(int id, ByteBuffer out) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    if (text.length > MAX_WRITTEN) {
      throw new InvalidValue("message must have at most " + MAX_WRITTEN + " bytes");
    }
    new FrameHeader(id, Tag.ERROR, 1 + text.length).encode(out);
    out.put((byte) code).put(text);
  }

  /// For logs: at most 256 characters, everything but visible ASCII and spaces replaced.
  public String display() {
    var out = new StringBuilder();
    for (int i = 0; i < message.length() && i < MAX_WRITTEN; i++) {
      char c = message.charAt(i);
      out.append(c >= ' ' && c <= '~' ? c : '?');
    }
    return out.toString();
  }

  @Override
  public String toString() {
    return "ErrorReply[" + kind() + ", " + display() + "]";
  }
}
