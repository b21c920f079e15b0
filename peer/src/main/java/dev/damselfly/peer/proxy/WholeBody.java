package dev.damselfly.peer.proxy;

import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.Relay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reads a short body that is looked at before it is passed on. Memory grows as it arrives.
final class WholeBody {
  private WholeBody() {}

  /// @param most bytes
  /// @param whose answer it is, for people
  /// @throws Refusal 502 when it is longer
  static byte[] read(Relay relay, long most, String whose) throws IOException {
    if (relay.length().orElse(0) > most) {
      throw tooLarge(most, whose);
    }
    var all = new ByteArrayOutputStream();
    var buffer = ByteBuffer.allocate(16 << 10);
    try (OriginBody body = relay.body()) {
      while (body.read(buffer.clear()) >= 0) {
        if (all.size() + buffer.position() > most) {
          throw tooLarge(most, whose);
        }
        all.write(buffer.array(), 0, buffer.position());
      }
    }
    return all.toByteArray();
  }

  private static Refusal tooLarge(long most, String whose) {
    return new Refusal(502, Refusal.Code.UNAVAILABLE, "the " + whose + "'s answer has more than " + most + " bytes");
  }
}
