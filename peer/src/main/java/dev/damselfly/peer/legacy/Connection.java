package dev.damselfly.peer.legacy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/// One plain connection. Closing it from another thread ends whatever waits on it.
interface Connection extends ByteChannel {
  void connect(InetSocketAddress address) throws IOException;

  /// Makes connections that are not connected yet.
  @FunctionalInterface
  interface Source {
    Connection open() throws IOException;
  }

  /// Over TCP.
  static Connection tcp() throws IOException {
    return new Tcp(SocketChannel.open());
  }

  /// @param channel blocking
  record Tcp(SocketChannel channel) implements Connection {
    @Override
    public void connect(InetSocketAddress address) throws IOException {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.connect(address);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      return channel.write(bytes);
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
