package dev.damselfly.peer.origin;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// An answer of an origin that is to be judged and passed on: head now, body as it arrives. Not thread-safe. Close it.
public interface Relay extends AutoCloseable {
  int status();

  /// The only value of a header.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.OriginRefused when it stands there twice
  Optional<String> header(String name);

  /// Every value of a header, as sent.
  List<String> headers(String name);

  /// Bytes of the body as announced; absent when the origin does not say. Of a HEAD: what a GET would have.
  OptionalLong length();

  /// The body, within the usual bounds of time and rate; read it once.
  OriginBody body();

  @Override
  void close();
}
