package dev.damselfly.api.url;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// The percent-encode sets of WHATWG URL 1.3 that this package uses, over UTF-8.
enum PercentEncode {
  C0_CONTROL(""),
  FRAGMENT(" \"<>`"),
  PATH(" \"<>`#?{}"),
  USER_INFO(" \"<>`#?{}/:;=@[\\]^|");

  private static final String HEX = "0123456789ABCDEF";

  private final String printable;

  /// @param printable characters to encode beside controls and everything outside ASCII
  PercentEncode(String printable) {
    this.printable = printable;
  }

  String encode(String text) {
    var out = new StringBuilder(text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      int c = b & 0xff;
      if (c < 0x20 || c >= 0x7f || printable.indexOf(c) >= 0) {
        append(out, c);
      } else {
        out.append((char) c);
      }
    }
    return out.toString();
  }

  static void append(StringBuilder out, int octet) {
    out.append('%').append(HEX.charAt(octet >> 4)).append(HEX.charAt(octet & 0xf));
  }

  /// Octets with every `%XX` decoded; a `%` without two hex digits stays.
  static byte[] decode(String text, boolean plusIsSpace) {
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream(in.length);
    for (int i = 0; i < in.length; i++) {
      int high = in[i] == '%' && i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(in[i + 2], 16);
      if (low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(plusIsSpace && in[i] == '+' ? ' ' : in[i]);
      }
    }
    return out.toByteArray();
  }
}
