package dev.damselfly.fuzz;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The id functions of the wire, written out a second time: one string, hashed at the end. Canonical URLs only for the
/// plain kind: lower-case host, no user info, no port, no dot segments, a query of any text.
final class NaiveIds {
  private static final Pattern PLAIN =
      Pattern.compile("(https?://[a-z][a-z0-9]{0,20}\\.example)((?:/[A-Za-z0-9_-]{1,20})*/?)(?:\\?([^#\\\\]*))?", Pattern.DOTALL);
  private static final Comparator<byte[]> BYTEWISE = java.util.Arrays::compareUnsigned;

  private record Pair(byte[] name, byte[] value) {}

  private NaiveIds() {}

  static String hash(String... parts) {
    try {
      byte[] preimage = String.join("", parts).getBytes(StandardCharsets.UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(preimage);
      String hex = new BigInteger(1, digest).toString(16);
      return "0".repeat(64 - hex.length()) + hex;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /// Absent for URLs of which this class knows no rule.
  static Optional<String> canonical(String url, List<String> filtered) {
    if (filtered.isEmpty()) {
      return Optional.of(url);
    }
    var plain = PLAIN.matcher(url);
    if (!plain.matches()) {
      return Optional.empty();
    }
    String query = plain.group(3) == null ? "" : query(plain.group(3), filtered);
    return Optional.of(plain.group(1) + plain.group(2) + (query.isEmpty() ? "" : "?" + query));
  }

  private static String query(String text, List<String> filtered) {
    List<Pair> pairs = new ArrayList<>();
    for (String piece : text.split("&")) {
      if (piece.isEmpty() || piece.contains(";")) {
        continue;
      }
      int equals = piece.indexOf('=');
      var pair =
          equals < 0
              ? new Pair(decode(piece), new byte[0])
              : new Pair(decode(piece.substring(0, equals)), decode(piece.substring(equals + 1)));
      if (!filtered.contains(new String(pair.name(), StandardCharsets.UTF_8))) {
        pairs.add(pair);
      }
    }
    pairs.sort(Comparator.comparing(Pair::name, BYTEWISE));
    return pairs.stream().map(p -> encode(p.name()) + "=" + encode(p.value())).collect(Collectors.joining("&"));
  }

  /// Form decoding; what is no UTF-8 becomes the replacement character.
  private static byte[] decode(String text) {
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream();
    for (int i = 0; i < in.length; i++) {
      int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
      if (in[i] == '%' && high >= 0 && low >= 0) {
        out.write(high * 16 + low);
        i += 2;
      } else {
        out.write(in[i] == '+' ? ' ' : in[i]);
      }
    }
    return new String(out.toByteArray(), StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
  }

  private static String encode(byte[] octets) {
    var out = new StringBuilder();
    for (byte octet : octets) {
      if ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".indexOf(octet) >= 0) {
        out.append((char) octet);
      } else {
        out.append(octet == ' ' ? "+" : String.format("%%%02X", octet & 0xff));
      }
    }
    return out.toString();
  }
}
