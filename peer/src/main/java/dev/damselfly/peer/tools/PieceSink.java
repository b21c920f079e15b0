package dev.damselfly.peer.tools;

import com.google.protobuf.ByteString;
import dev.damselfly.peer.store.PieceReader;
import java.io.IOException;
import java.util.Optional;

/// Where the bytes of a download go besides the cache. For one thread.
interface PieceSink extends AutoCloseable {
  /// Takes a verified piece; one that comes again replaces what it was.
  ///
  /// @return the bytes that the caller is to be sent, if it writes them itself
  Optional<ByteString> take(PieceReader piece) throws IOException, InterruptedException, Told.Gone;

  /// Everything was taken and verified.
  ///
  /// @param contentLength of the whole content
  void finish(long contentLength) throws IOException;

  /// The caller was told of a failure after the start, and cleans up what it knows of: at the most an empty file.
  default void leaveToCaller() {
    // only a file has a name
  }

  /// Without [#finish] or [#leaveToCaller] before, nothing stays behind.
  @Override
  void close() throws IOException;

  /// The content stays in the cache, nobody is sent any.
  static PieceSink ofCache() {
    return new PieceSink() {
      @Override
      public Optional<ByteString> take(PieceReader piece) {
        return Optional.empty();
      }

      @Override
      public void finish(long contentLength) {
        // the cache has it
      }

      @Override
      public void close() {
        // nothing is held
      }
    };
  }
}
