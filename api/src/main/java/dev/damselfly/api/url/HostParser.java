package dev.damselfly.api.url;

import com.ibm.icu.text.IDNA;
import dev.damselfly.api.error.InvalidValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/// Host of a URL (WHATWG URL 3.5), at most 253 characters.
final class HostParser {
  static final int MAX_LENGTH = 253;
  private static final String FORBIDDEN = " #/:<>?@[\\]^|";
  private static final IDNA UTS46 =
      IDNA.getUTS46Instance(IDNA.NONTRANSITIONAL_TO_ASCII | IDNA.CHECK_BIDI | IDNA.CHECK_CONTEXTJ);

  /// Length and hyphen rules of DNS are not rules of a URL (`beStrict` is false).
  private static final Set<IDNA.Error> TOLERATED =
      EnumSet.of(
          IDNA.Error.EMPTY_LABEL,
          IDNA.Error.LABEL_TOO_LONG,
          IDNA.Error.DOMAIN_NAME_TOO_LONG,
          IDNA.Error.LEADING_HYPHEN,
          IDNA.Error.TRAILING_HYPHEN,
          IDNA.Error.HYPHEN_3_4);

  private HostParser() {}

  static String parse(String raw, boolean special) {
    if (raw.startsWith("[")) {
      if (raw.length() > 47 || !raw.endsWith("]")) {
        throw new InvalidValue("host must be a name or an address");
      }
      return "[" + Ipv6.parse(raw.substring(1, raw.length() - 1)) + "]";
    }
    String host = special ? domain(raw) : PercentEncode.C0_CONTROL.encode(raw);
    if (host.length() > MAX_LENGTH) {
      throw new InvalidValue("host must have at most " + MAX_LENGTH + " characters");
    }
    requireNoForbidden(host, special);
    return special && Ipv4.endsInNumber(host) ? Ipv4.parse(host) : host;
  }

  private static String domain(String raw) {
    String decoded = decode(raw);
    if (decoded.length() > MAX_LENGTH) {
      throw new InvalidValue("host must have at most " + MAX_LENGTH + " characters");
    }
    var info = new IDNA.Info();
    String ascii = UTS46.nameToASCII(decoded, new StringBuilder(), info).toString();
    if (!TOLERATED.containsAll(info.getErrors()) || ascii.isEmpty()) {
      throw new InvalidValue("host must be a valid domain name");
    }
    return ascii;
  }

  private static String decode(String raw) {
    try {
      byte[] octets = PercentEncode.decode(raw, false);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
    } catch (CharacterCodingException _) {
      throw new InvalidValue("host must be a valid domain name");
    }
  }

  private static void requireNoForbidden(String host, boolean special) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c < ' ' || FORBIDDEN.indexOf(c) >= 0 || (special && (c == '%' || c >= 0x7f))) {
        throw new InvalidValue("host must be a name or an address");
      }
    }
  }
}
