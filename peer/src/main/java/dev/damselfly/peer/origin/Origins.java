package dev.damselfly.peer.origin;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.peer.content.ContentFacts;
import java.util.Optional;

/// Reads from origins. Thread-safe; calls block and belong on virtual threads.
///
/// Each connection goes to an address that the egress gate allowed; each redirect is decided anew.
/// Failures: OriginRefused with the HTTP status, Refused EGRESS_DENIED, ORIGIN_CHANGED, TIMED_OUT.
public final class Origins implements AutoCloseable {
  /// Asks for the facts of a resource without reading it: one ranged byte, or a HEAD when there is no length.
  public OriginFacts stat(OriginRequest request) {
    throw new UnsupportedOperationException();
  }

  /// Opens the bytes of a range, or of everything. The answer must be of the pinned content: other validators, length
  /// or Content-Range are ORIGIN_CHANGED. The caller closes the body.
  ///
  /// @param range absent: from the first byte to the end
  public OriginBody get(OriginRequest request, Optional<ByteRange> range, ContentFacts pin) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
