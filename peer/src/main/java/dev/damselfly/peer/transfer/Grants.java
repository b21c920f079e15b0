package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.Sha256;
import java.util.HexFormat;

/// Facts about serialized grants that both ends of a connection name in the same way.
public final class Grants {
  private static final int SHORT = 6;

  private Grants() {}

  /// Twelve hexadecimal digits that stand for a grant in records: the beginning of its SHA-256.
  public static String shortId(ByteString grant) {
    var digest = Sha256.newDigest();
    digest.update(grant.asReadOnlyByteBuffer());
    return HexFormat.of().formatHex(digest.digest(), 0, SHORT);
  }
}
