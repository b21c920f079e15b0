package dev.damselfly.peer.control;

import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.NullMarked;

/// A connection of a local user that has said everything it will say; keeps what it is told. The kernel's word about the
/// user is the test's.
@NullMarked
final class MemoryChannel extends SocketChannel {
  private final UnixDomainPrincipal user;
  private final ByteBuffer said;
  private final ByteArrayOutputStream told = new ByteArrayOutputStream();

  MemoryChannel(UnixDomainPrincipal user, byte[] said) {
    super(SelectorProvider.provider());
    this.user = user;
    this.said = ByteBuffer.wrap(said);
  }

  byte[] told() {
    synchronized (told) {
      return told.toByteArray();
    }
  }

  @Override
  public int read(ByteBuffer into) throws ClosedChannelException {
    requireOpen();
    synchronized (said) {
      if (!said.hasRemaining()) {
        return -1;
      }
      int count = Math.min(into.remaining(), said.remaining());
      into.put(said.slice(said.position(), count));
      said.position(said.position() + count);
      return count;
    }
  }

  @Override
  public int write(ByteBuffer from) throws ClosedChannelException {
    requireOpen();
    synchronized (told) {
      int count = from.remaining();
      while (from.hasRemaining()) {
        told.write(from.get());
      }
      return count;
    }
  }

  private void requireOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public <T> T getOption(SocketOption<T> name) {
    return name.type().cast(user);
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) {
    return this;
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }

  @Override
  public long read(ByteBuffer[] into, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SocketChannel bind(SocketAddress local) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SocketChannel shutdownInput() {
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() {
    return this;
  }

  @Override
  public Socket socket() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isConnectionPending() {
    return false;
  }

  @Override
  public boolean connect(SocketAddress remote) {
    return true;
  }

  @Override
  public boolean finishConnect() {
    return true;
  }

  @Override
  public SocketAddress getRemoteAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public SocketAddress getLocalAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  protected void implCloseSelectableChannel() {}

  @Override
  protected void implConfigureBlocking(boolean block) {}
}
