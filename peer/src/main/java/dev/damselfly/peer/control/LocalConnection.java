package dev.damselfly.peer.control;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.peer.time.Timer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// One connection of a local user: one request, then replies. Writing is for one thread.
///
/// A user that does not send its request, or does not take what it asked for, loses the connection.
final class LocalConnection implements AutoCloseable {
  private static final Duration REQUEST_DEADLINE = Duration.ofSeconds(10);
  private static final Duration WRITE_STALL = Duration.ofMinutes(5);

  private static final int COPY_BYTES = 256 << 10;

  private final SocketChannel channel;
  private final ByteBuffer copy = ByteBuffer.allocateDirect(COPY_BYTES);
  private final Timer timer;
  private final AtomicLong moved = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();

  LocalConnection(SocketChannel channel, Timer timer) {
    this.channel = channel;
    this.timer = timer;
  }

  /// @throws RequestFailure for bytes that are no request
  LocalRequest readRequest() throws IOException {
    var deadline = timer.after(REQUEST_DEADLINE, this::close);
    var in = ByteBuffer.allocate(LocalProtocol.MAX_FRAME);
    try {
      while (true) {
        switch (LocalProtocol.request(in.duplicate().flip())) {
          case Decoded.Message<LocalRequest> message when message.consumed() < in.position() ->
              throw new Malformed("request", "one request per connection");
          case Decoded.Message<LocalRequest> message -> {
            return message.value();
          }
          case Decoded.Bad<LocalRequest> bad -> throw new Malformed("request", bad.rule());
          case Decoded.NeedMore<LocalRequest> _ -> {
            if (channel.read(in) < 0) {
              throw new EOFException("no request");
            }
          }
        }
      }
    } finally {
      deadline.cancel();
    }
  }

  /// Calls the listener once when the user hangs up or says anything more, from a thread of the connection.
  void onGone(Runnable listener) {
    Thread.ofVirtual()
        .name("local-watch")
        .start(
            () -> {
              try {
                channel.read(ByteBuffer.allocate(1)); // a second message is the wish to end
              } catch (IOException e) {
                closed.get(); // the connection is over either way
              }
              listener.run();
            });
    watchStall(moved.get());
  }

  private void watchStall(long before) {
    timer.after(
        WRITE_STALL,
        () -> {
          long now = moved.get();
          if (closed.get()) {
            return;
          }
          if (now == before && now % 2 == 1) {
            close();
          } else {
            watchStall(now);
          }
        });
  }

  void send(LocalReply reply) throws IOException {
    ByteBuffer frame = LocalProtocol.encode(reply);
    moved.incrementAndGet(); // odd while a write waits
    while (frame.hasRemaining()) {
      if (channel.write(frame) > 0) {
        moved.addAndGet(2);
      }
    }
    moved.incrementAndGet();
  }

  /// Through a buffer of its own: a direct transfer from file to socket does not wait on a virtual thread.
  void transfer(FileChannel from, long position, long length) throws IOException {
    long done = 0;
    moved.incrementAndGet();
    while (done < length) {
      copy.clear().limit((int) Math.min(copy.capacity(), length - done));
      int got = from.read(copy, position + done);
      if (got < 0) {
        throw new EOFException("the stored content is shorter than its record");
      }
      copy.flip();
      while (copy.hasRemaining()) {
        if (channel.write(copy) > 0) {
          moved.addAndGet(2);
        }
      }
      done += got;
    }
    moved.incrementAndGet();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
