package dev.damselfly.dist.runtime;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import java.nio.charset.StandardCharsets;

/// A file that says in its first line that it was written here, and proves by a digest that nobody edited it since.
final class Marked {
  private static final String BEGIN = "# Written by `damselfly runtime`; --undo takes it back. ";

  /// What a file is.
  enum Owner {
    /// Ours, and nothing in its directory was there before.
    OURS_WITH_FOLDER,
    OURS,
    EDITED,
    OTHERS
  }

  private Marked() {}

  static String text(boolean madeFolder, String body) {
    return BEGIN + (madeFolder ? "Made its directory. " : "") + "Below: " + digest(body) + '\n' + body;
  }

  static Owner owner(byte[] content) {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    if (!text.startsWith(BEGIN)) {
      return Owner.OTHERS;
    }
    String body = text.substring(text.indexOf('\n') + 1);
    if (text.equals(text(true, body))) {
      return Owner.OURS_WITH_FOLDER;
    }
    return text.equals(text(false, body)) ? Owner.OURS : Owner.EDITED;
  }

  private static Digest digest(String body) {
    return Digest.of(Sha256.of(Sha256.newDigest().digest(body.getBytes(StandardCharsets.ISO_8859_1))));
  }
}
