package dev.damselfly.peer.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/// Name and token of a `Proxy-Authorization` header (RFC 7617). Prints nothing of the token.
final class ProxyCredential {
  private static final int MAX_LENGTH = 512;
  private static final String SCHEME = "basic ";

  private final String name;
  private final byte[] token;

  private ProxyCredential(String name, byte[] token) {
    this.name = name;
    this.token = token;
  }

  /// Total: every text is one credential or none. Accepted is Basic in the one canonical spelling of base64, a name as in the
  /// file of callers, and a token of [ProxyCallers#MIN_TOKEN] to [ProxyCallers#MAX_TOKEN] printable ASCII characters.
  static Optional<ProxyCredential> parse(String header) {
    if (header.length() > MAX_LENGTH || !header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Optional.empty();
    }
    String encoded = header.substring(SCHEME.length());
    byte[] pair;
    try {
      pair = Base64.getDecoder().decode(encoded);
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
    int colon = indexOf(pair, ':');
    if (colon < 1 || !Base64.getEncoder().encodeToString(pair).equals(encoded)) {
      return Optional.empty();
    }
    String name = new String(pair, 0, colon, StandardCharsets.ISO_8859_1);
    byte[] token = Arrays.copyOfRange(pair, colon + 1, pair.length);
    return ProxyCallers.isName(name) && isToken(token) ? Optional.of(new ProxyCredential(name, token)) : Optional.empty();
  }

  private static int indexOf(byte[] bytes, char wanted) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isToken(byte[] token) {
    if (token.length < ProxyCallers.MIN_TOKEN || token.length > ProxyCallers.MAX_TOKEN) {
      return false;
    }
    for (byte b : token) {
      if (b <= ' ' || b == 0x7f) {
        return false;
      }
    }
    return true;
  }

  String name() {
    return name;
  }

  byte[] token() {
    return token.clone();
  }

  @Override
  public String toString() {
    return "ProxyCredential[hidden]";
  }
}
