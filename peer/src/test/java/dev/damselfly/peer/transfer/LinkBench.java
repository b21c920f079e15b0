package dev.damselfly.peer.transfer;

import dev.damselfly.authz.audit.Audit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/// A link to a parent behind the handshake, without a socket: its clock, its worker and the parent's bytes are in the
/// hands of a test.
public final class LinkBench implements AutoCloseable {
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final ArrayDeque<Runnable> worker = new ArrayDeque<>();
  private final TlsParentLink link;
  private int over;

  public LinkBench(ParentRef parent, ParentLink.Listener listener, Audit audit, TransferLimits limits) {
    channel.freezeTime();
    link =
        new TlsParentLink(
            parent,
            listener,
            audit,
            new SerialQueue(worker::add),
            channel.eventLoop(),
            limits,
            (_, session) -> {
              channel.pipeline().addLast(session);
              session.connected(channel);
            },
            _ -> over++);
    link.start();
    channel.pipeline().fireUserEventTriggered(SslHandshakeCompletionEvent.SUCCESS);
    settle();
  }

  public ParentLink link() {
    return link;
  }

  /// How often the link was over.
  public int over() {
    return over;
  }

  /// The parent sends.
  public void receive(byte[] bytes) {
    if (channel.isOpen()) {
      channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    }
    settle();
  }

  public void disconnect() {
    channel.close();
    settle();
  }

  public void advance(long millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    settle();
  }

  /// Runs what waits for the worker.
  public void work() {
    for (Runnable task = worker.poll(); task != null; task = worker.poll()) {
      task.run();
      settle();
    }
  }

  /// Bytes that the child sent since the last call.
  public long sent() {
    long bytes = 0;
    for (ByteBuf frame = channel.readOutbound(); frame != null; frame = channel.readOutbound()) {
      bytes += frame.readableBytes();
      frame.release();
    }
    return bytes;
  }

  public void settle() {
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  @Override
  public void close() {
    link.close();
    settle();
    work();
    channel.finishAndReleaseAll();
  }
}
