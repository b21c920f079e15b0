package dev.damselfly.peer.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// One end of a piece connection that a test drives byte by byte. Calls block, at most 10 s.
public final class RawWire extends ChannelInboundHandlerAdapter {
  private static final long PATIENCE_SECONDS = 10;

  private final LinkedBlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
  private final CountDownLatch ready = new CountDownLatch(1);
  private final CountDownLatch gone = new CountDownLatch(1);
  private final LinkedBlockingQueue<Channel> channel = new LinkedBlockingQueue<>();
  private byte[] rest = new byte[0];

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel.add(ctx.channel());
    ctx.channel().closeFuture().addListener(_ -> gone.countDown());
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent) {
      ready.countDown();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    var bytes = (ByteBuf) message;
    byte[] copy = new byte[bytes.readableBytes()];
    bytes.readBytes(copy);
    bytes.release();
    received.add(copy);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  /// Waits until the other end is known.
  public RawWire awaitReady() throws InterruptedException {
    if (!ready.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("no handshake");
    }
    return this;
  }

  /// @throws AssertionError when the connection ends or stays silent before
  public byte[] read(int length) throws InterruptedException {
    var out = new ByteArrayOutputStream();
    while (out.size() < length) {
      if (rest.length == 0) {
        rest = next();
      }
      int taken = Math.min(rest.length, length - out.size());
      out.write(rest, 0, taken);
      rest = Arrays.copyOfRange(rest, taken, rest.length);
    }
    return out.toByteArray();
  }

  private byte[] next() throws InterruptedException {
    byte[] bytes = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (bytes == null) {
      throw new AssertionError(gone.getCount() == 0 ? "connection ended" : "silence");
    }
    return bytes;
  }

  /// One frame: header and value.
  public byte[] readFrame() throws InterruptedException {
    byte[] header = read(6);
    int length = ByteBuffer.wrap(header).getInt(2);
    byte[] value = read(length);
    byte[] frame = Arrays.copyOf(header, 6 + length);
    System.arraycopy(value, 0, frame, 6, length);
    return frame;
  }

  public void write(byte[] bytes) throws InterruptedException {
    write(Unpooled.wrappedBuffer(bytes));
  }

  /// Takes the buffer over. A broken connection is not an error here: the other end may have had enough.
  public void write(ByteBuf bytes) throws InterruptedException {
    open().writeAndFlush(bytes);
  }

  /// Writes the bytes again and again until the connection ends.
  public void drip(byte[] bytes, Duration every) throws InterruptedException {
    Channel to = open();
    var drops =
        to.eventLoop()
            .scheduleAtFixedRate(
                () -> to.writeAndFlush(Unpooled.wrappedBuffer(bytes)), 0, every.toNanos(), TimeUnit.NANOSECONDS);
    to.closeFuture().addListener(_ -> drops.cancel(false));
  }

  /// Stops reading from the socket.
  public void stopReading() throws InterruptedException {
    open().config().setAutoRead(false);
  }

  public void close() throws InterruptedException {
    open().close().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /// Waits until the connection ended.
  public void awaitGone() throws InterruptedException {
    if (!gone.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the connection is still open");
    }
  }

  /// Bytes that arrived and were not read.
  public int unread() {
    return rest.length + received.stream().mapToInt(bytes -> bytes.length).sum();
  }

  private Channel open() throws InterruptedException {
    Channel known = channel.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (known == null) {
      throw new AssertionError("no connection");
    }
    channel.add(known);
    return known;
  }
}
