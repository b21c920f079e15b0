package dev.damselfly.peer.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/// The answer to one request, written by the thread of that request.
///
/// @see ChannelReply
interface Reply {
  /// Begins the answer; at most once.
  ///
  /// @throws IOException when the caller is gone
  void head(ResponseHead head) throws IOException, InterruptedException;

  /// Goes on with the body. Takes the bytes over, also when it throws. Waits while the caller is slow.
  ///
  /// @throws IOException when the caller is gone, or takes nothing for too long
  void body(ByteBuf bytes) throws IOException, InterruptedException;

  /// The connection ends after this answer, which its head is to say. Before [#head].
  void last();

  /// The answer has begun: an error can only end the connection.
  boolean begun();

  /// Runs the listener, on some thread, when the caller goes away; at once if it did. The last listener counts.
  void onGone(Runnable listener);
}
