package dev.damselfly.peer.origin;

import java.nio.ByteBuffer;

/// Bytes of an origin as they arrive. Not thread-safe. Closing early drops the connection.
public interface OriginBody extends AutoCloseable {
  /// Fills some of the buffer.
  ///
  /// @return bytes read; -1 at the end, which a known length must have reached (else OriginRefused, short body)
  int read(ByteBuffer into);

  @Override
  void close();
}
