package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import java.util.Arrays;

/// Reads DER values one after the other from a fixed range of bytes. Strict: definite, shortest lengths, one-byte
/// tags, no bytes left over. Never copies before a length is checked, never recurses.
final class DerReader {
  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OID = 0x06;
  static final int UTC_TIME = 0x17;
  static final int GENERALIZED_TIME = 0x18;
  static final int SEQUENCE = 0x30;

  private final byte[] bytes;
  private final int end;
  private int at;

  DerReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private DerReader(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  boolean hasMore() {
    return at < end;
  }

  /// Tag of the next value; -1 at the end.
  int peek() {
    return at < end ? bytes[at] & 0xff : -1;
  }

  /// The next value, which must have this tag; its content becomes a reader of its own.
  DerReader enter(int tag) {
    if (peek() != tag || (tag & 0x1f) == 0x1f) {
      throw malformed();
    }
    at++;
    int length = length();
    var content = new DerReader(bytes, at, at + length);
    at += length;
    return content;
  }

  /// The next value, of any tag.
  DerReader enterAny() {
    return enter(peek());
  }

  /// Content of the next value.
  byte[] content(int tag) {
    return enter(tag).rest();
  }

  /// The next value with its tag and length.
  byte[] whole(int tag) {
    int start = at;
    enter(tag);
    return Arrays.copyOfRange(bytes, start, at);
  }

  byte[] rest() {
    byte[] rest = Arrays.copyOfRange(bytes, at, end);
    at = end;
    return rest;
  }

  int remaining() {
    return end - at;
  }

  void requireEnd() {
    if (at != end) {
      throw malformed();
    }
  }

  /// DER writes TRUE as 0xff and never writes a default FALSE.
  boolean trueOrAbsent() {
    if (peek() != BOOLEAN) {
      return false;
    }
    byte[] value = content(BOOLEAN);
    if (value.length != 1 || value[0] != (byte) 0xff) {
      throw malformed();
    }
    return true;
  }

  /// Content of an INTEGER that is not negative and has no needless leading zero.
  byte[] unsigned() {
    byte[] value = content(INTEGER);
    if (value.length == 0 || value[0] < 0 || value.length > 1 && value[0] == 0 && value[1] >= 0) {
      throw malformed();
    }
    return value;
  }

  private int length() {
    if (at >= end) {
      throw malformed();
    }
    int first = bytes[at++] & 0xff;
    if (first < 0x80) {
      return fits(first);
    }
    int count = first & 0x7f;
    if (count == 0 || count > 3 || count > end - at || bytes[at] == 0) {
      throw malformed(); // indefinite, absurd, cut off, or not the shortest form
    }
    int length = 0;
    for (int i = 0; i < count; i++) {
      length = length << 8 | bytes[at++] & 0xff;
    }
    if (length < 0x80) {
      throw malformed();
    }
    return fits(length);
  }

  private int fits(int length) {
    if (length > end - at) {
      throw malformed();
    }
    return length;
  }

  static InvalidValue malformed() {
    return new InvalidValue("must be a DER value");
  }
}
