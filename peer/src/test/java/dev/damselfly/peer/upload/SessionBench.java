package dev.damselfly.peer.upload;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.peer.store.PieceStore;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/// The parent's end of a piece connection behind the handshake, without a socket: its clock, its worker and the child's
/// bytes are in the hands of a test.
public final class SessionBench implements AutoCloseable {
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final ArrayDeque<Runnable> worker = new ArrayDeque<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final UploadLimits limits;
  private final Shares shares;
  private final Caller caller;

  public SessionBench(PieceStore store, GrantVerifier grants, UploadLimits limits, Audit audit, Caller caller) {
    this(limits, caller);
    var parts = new UploadParts(store, grants, limits, audit, worker::add);
    channel.pipeline().addLast(new PieceSession(parts, caller, share(), channel));
    settle();
  }

  /// Behind the plain listener.
  public static SessionBench plain(PieceStore store, UploadLimits limits, Caller caller) {
    var bench = new SessionBench(limits, caller);
    bench.channel.pipeline().addLast(
        new LegacyPieceSession(store, limits, bench.worker::add, bench.share(), bench.channel, () -> {}));
    bench.settle();
    return bench;
  }

  private SessionBench(UploadLimits limits, Caller caller) {
    this.limits = limits;
    this.caller = caller;
    this.shares = new Shares(oneShare(limits));
    channel.freezeTime();
  }

  /// One identity may have all: what it does not give back is missed, also when its own share is gone with it.
  private static UploadLimits oneShare(UploadLimits limits) {
    return new UploadLimits(
        limits.connectionsPerIdentity(),
        limits.connections(),
        limits.outstanding(),
        limits.bytesPerIdentity(),
        limits.bytesPerIdentity(),
        limits.handshake(),
        limits.frame(),
        limits.stall());
  }

  private Shares.Share share() {
    return shares.join(caller.id()).orElseThrow();
  }

  public boolean isOpen() {
    return channel.isOpen();
  }

  /// The child sends.
  public void receive(byte[] bytes) {
    if (channel.isOpen()) {
      channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    }
    settle();
  }

  public void advance(long millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    settle();
  }

  /// Runs at most so many tasks of the worker.
  public void work(int most) {
    for (int i = 0; i < most && !worker.isEmpty(); i++) {
      worker.remove().run();
      settle();
    }
  }

  /// Tasks that wait for the worker.
  public int waiting() {
    return worker.size();
  }

  private void settle() {
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
    for (ByteBuf frame = channel.readOutbound(); frame != null; frame = channel.readOutbound()) {
      byte[] bytes = new byte[frame.readableBytes()];
      frame.readBytes(bytes);
      frame.release();
      out.writeBytes(bytes);
    }
  }

  /// All that was sent to the child.
  public byte[] sent() {
    return out.toByteArray();
  }

  public void hangUp() {
    channel.close();
    settle();
  }

  /// True when everything that may be in flight is free again, after the end.
  public boolean gaveAllBack() {
    var share = shares.join(caller.id()).orElseThrow();
    return share.take(Math.toIntExact(limits.bytesPerIdentity()), () -> {});
  }

  /// The child is gone, and the worker does what is left to do.
  public void end() {
    hangUp();
    work(Integer.MAX_VALUE);
  }

  @Override
  public void close() {
    end();
    channel.finishAndReleaseAll();
  }
}
