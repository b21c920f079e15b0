package dev.damselfly.api.wire.vortex;

/// Kinds of frames. An open set on the wire, hence numbers: what is not named here closes the connection.
public final class Tag {
  public static final int DOWNLOAD_PIECE = 0x00;
  public static final int PIECE_CONTENT = 0x01;
  public static final int DOWNLOAD_PERSISTENT_PIECE = 0x02;
  public static final int PERSISTENT_PIECE_CONTENT = 0x03;
  public static final int DOWNLOAD_PERSISTENT_CACHE_PIECE = 0x04;
  public static final int PERSISTENT_CACHE_PIECE_CONTENT = 0x05;
  public static final int DOWNLOAD_CACHE_PIECE = 0x06;
  public static final int CACHE_PIECE_CONTENT = 0x07;
  /// First frame of a child, ALPN `damselfly-piece/1` only.
  public static final int GRANT = 0xd0;
  /// Answer to [#GRANT], ALPN `damselfly-piece/1` only.
  public static final int GRANT_ACCEPTED = 0xd1;
  /// The sender holds these pieces, ALPN `damselfly-piece/1` only.
  public static final int HAVE = 0xd2;
  public static final int CLOSE = 0xfe;
  public static final int ERROR = 0xff;

  private Tag() {}

  /// A request for a piece. The tag alone says from which kind of task.
  public static boolean isRequest(int tag) {
    return tag >= DOWNLOAD_PIECE && tag <= DOWNLOAD_CACHE_PIECE && (tag & 1) == 0;
  }

  public static boolean isContent(int tag) {
    return tag >= PIECE_CONTENT && tag <= CACHE_PIECE_CONTENT && (tag & 1) == 1;
  }

  /// Valid only below our own ALPN; on the legacy listener such a tag closes the connection.
  public static boolean isDamselfly(int tag) {
    return tag == GRANT || tag == GRANT_ACCEPTED || tag == HAVE;
  }

  /// The tag that answers a request with content.
  ///
  /// @param request for which [#isRequest] holds
  public static int contentFor(int request) {
    if (!isRequest(request)) {
      throw new IllegalArgumentException("only a request has a content tag");
    }
    return request + 1;
  }
}
