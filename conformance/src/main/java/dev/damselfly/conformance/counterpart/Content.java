package dev.damselfly.conformance.counterpart;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.TaskType;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.UnaryOperator;

/// One thing to download, and the id that its request has on the wire.
public record Content(Download download, String taskId) {
  private static final long PIECE = 4L << 20;

  /// A plain request for a URL that is canonical already.
  public static Content at(String url, long length) {
    return of(
        Download.newBuilder()
            .setUrl(url)
            .setType(TaskType.STANDARD)
            .setPriority(Priority.LEVEL6)
            .setActualPieceLength(PIECE)
            .setActualContentLength(length)
            .setActualPieceCount((length + PIECE - 1) / PIECE)
            .build());
  }

  /// The id of a request in the URL form without filtered parameters and hub revisions.
  public static Content of(Download download) {
    var text = new StringBuilder(download.getUrl()).append(download.getTag()).append(download.getApplication());
    if (download.hasPieceLength()) {
      text.append(download.getPieceLength());
    }
    return new Content(download, sha256(text.append("STANDARD").toString()));
  }

  /// The same with changes, under the id that results.
  public Content with(UnaryOperator<Download.Builder> change) {
    return of(change.apply(download.toBuilder()).build());
  }

  /// Lower-case hexadecimal SHA-256 of the text.
  public static String sha256(String text) {
    return HexFormat.of().formatHex(digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
