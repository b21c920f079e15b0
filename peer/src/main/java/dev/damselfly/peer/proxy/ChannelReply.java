package dev.damselfly.peer.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Writes to a connection. At most one part waits to be taken while the next one is read from disk. Used by one thread, but
/// for [#onGone].
final class ChannelReply implements Reply {
  private final Channel channel;
  private final Duration stall;
  private final InstantSource clock;
  private @Nullable ChannelFuture before;
  private boolean begun;
  private boolean last;

  ChannelReply(Channel channel, Duration stall, InstantSource clock) {
    this.channel = channel;
    this.stall = stall;
    this.clock = clock;
  }

  @Override
  public void head(ResponseHead head) throws IOException, InterruptedException {
    if (begun) {
      throw new IllegalStateException("an answer has one head");
    }
    begun = true;
    send(Unpooled.wrappedBuffer(head.bytes(clock.instant(), !last)));
  }

  @Override
  public void body(ByteBuf bytes) throws IOException, InterruptedException {
    send(bytes);
  }

  private void send(ByteBuf bytes) throws IOException, InterruptedException {
    try {
      flush();
    } catch (IOException | InterruptedException | RuntimeException e) {
      bytes.release();
      throw e;
    }
    before = channel.writeAndFlush(bytes);
  }

  /// Waits until everything was taken.
  void flush() throws IOException, InterruptedException {
    ChannelFuture pending = before;
    if (pending == null) {
      return;
    }
    if (!pending.await(stall.toMillis())) {
      channel.close();
      throw new EOFException("the caller takes nothing");
    }
    if (!pending.isSuccess()) {
      throw new EOFException("the caller is gone");
    }
  }

  @Override
  public void last() {
    last = true;
  }

  @Override
  public boolean begun() {
    return begun;
  }

  @Override
  public void onGone(Runnable listener) {
    channel.closeFuture().addListener(_ -> listener.run());
  }
}
