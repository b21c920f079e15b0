package dev.damselfly.nydus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/// One name of a directory entry: 1 to 255 bytes, no `/`, no NUL, not `.` or `..`. Not always UTF-8. Ordered by
/// unsigned bytes.
public final class Name implements Comparable<Name> {
  public static final int MAX = 255;

  private final byte[] bytes;

  private Name(byte[] bytes) {
    this.bytes = bytes;
  }

  /// @throws IllegalArgumentException for what is no name
  public static Name of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /// @throws IllegalArgumentException for what is no name
  public static Name of(byte[] bytes) {
    if (!isName(bytes)) {
      throw new IllegalArgumentException("a name has 1 to 255 bytes, no '/' and no NUL, and is not '.' or '..'");
    }
    return new Name(bytes.clone());
  }

  static boolean isName(byte[] bytes) {
    if (bytes.length < 1 || bytes.length > MAX || isDots(bytes)) {
      return false;
    }
    for (byte b : bytes) {
      if (b == 0 || b == '/') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDots(byte[] bytes) {
    return bytes[0] == '.' && (bytes.length == 1 || bytes.length == 2 && bytes[1] == '.');
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  @Override
  public int compareTo(Name other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Name name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// Safe to print: control characters, backslashes and what is no UTF-8 are shown as `\xNN`.
  @Override
  public String toString() {
    String text = new String(bytes, StandardCharsets.UTF_8);
    boolean faithful = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
    var shown = new StringBuilder();
    if (faithful && text.codePoints().noneMatch(Name::needsEscape)) {
      return text;
    }
    for (byte b : bytes) {
      if (b > 0x20 && b < 0x7f && b != '\\') {
        shown.append((char) b);
      } else {
        shown.append("\\x").append(HexFormat.of().toHexDigits(b));
      }
    }
    return shown.toString();
  }

  private static boolean needsEscape(int point) {
    int type = Character.getType(point);
    return Character.isISOControl(point) || point == '\\' || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR || type == Character.PRIVATE_USE || type == Character.UNASSIGNED;
  }
}
