package dev.damselfly.peer.download;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.store.StoredTask;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Told how a download goes. Calls are serial, come from the session's thread, and must not block.
///
/// After `finished` or `failed` nothing more comes.
public interface DownloadListener {
  /// The download was admitted; the length may become known later ([#length]).
  ///
  /// @param range the part that was asked for; absent: everything
  void started(StoredTask task, OptionalLong contentLength, Optional<ByteRange> range);

  /// The length of a content that had none became known.
  void length(long contentLength);

  /// A wanted piece is verified and held; pieces come in any order. A piece that comes again replaces what it was:
  /// its attestation was withdrawn.
  void held(PieceNumber number);

  /// How much of the wanted bytes is held, and from where.
  void progress(Sources sources, int parents);

  void finished(Finished finished);

  /// @param hop who refused
  void failed(RequestFailure failure, Hop hop);

  /// A download that is complete and verified.
  ///
  /// @param parents that sent at least one piece
  /// @param verifiedAgainst for people, most significant first
  /// @param contentDigest that the caller or the URL named and the content has; empty when there was none
  record Finished(
      long contentLength,
      Sources sources,
      Duration elapsed,
      int parents,
      List<String> verifiedAgainst,
      String contentDigest) {}
}
