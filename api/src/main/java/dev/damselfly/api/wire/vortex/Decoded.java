package dev.damselfly.api.wire.vortex;

/// What a decoder found at the position of a buffer. The position is as before; the caller moves it.
public sealed interface Decoded<T> {
  /// A whole value.
  ///
  /// @param consumed bytes it takes in the buffer
  record Value<T>(T value, int consumed) implements Decoded<T> {}

  /// No more can be said yet.
  ///
  /// @param bytes at least 1: how many are missing for the next step
  record NeedMore<T>(int bytes) implements Decoded<T> {}

  /// The sender breaks the protocol; nothing after this point can be trusted.
  ///
  /// @param rule what was broken, never what was sent
  record Bad<T>(String rule) implements Decoded<T> {}
}
