package dev.damselfly.authz.legacy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.damselfly.api.error.InvalidValue;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// The text form of certificates and keys (RFC 7468): blocks of one kind. Text around them is a comment.
public final class Pem {
  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";

  private Pem() {}

  /// What the blocks hold, in their order.
  ///
  /// @param label of every block, such as `CERTIFICATE`
  /// @throws InvalidValue for a block of another kind, one that does not end, and for none or more than `most`
  public static List<byte[]> parse(byte[] text, String label, int most) {
    var blocks = new ArrayList<byte[]>();
    var base64 = new StringBuilder();
    boolean open = false;
    for (String line : new String(text, ISO_8859_1).lines().map(String::stripTrailing).toList()) {
      if (line.startsWith(BEGIN)) {
        requireLabel(!open && line.equals(BEGIN + label + DASHES), label);
        open = true;
      } else if (line.startsWith(END)) {
        requireLabel(open && line.equals(END + label + DASHES), label);
        blocks.add(decoded(base64));
        base64.setLength(0);
        open = false;
      } else if (open) {
        base64.append(line);
      }
    }
    if (open || blocks.isEmpty() || blocks.size() > most) {
      throw new InvalidValue("the file must hold 1 to " + most + " whole PEM blocks of the kind " + label);
    }
    return List.copyOf(blocks);
  }

  private static void requireLabel(boolean holds, String label) {
    if (!holds) {
      throw new InvalidValue("the file must hold PEM blocks of the kind " + label + " only");
    }
  }

  private static byte[] decoded(CharSequence base64) {
    try {
      return Base64.getDecoder().decode(base64.toString());
    } catch (IllegalArgumentException e) {
      throw new InvalidValue("a PEM block must be base64");
    }
  }
}
