package dev.damselfly.peer.legacy;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.peer.legacy.LegacyParents.Wanted;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.NoTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/// Fetches from one host without sockets: bytes as a script says, and no time passes.
@NullMarked
public final class LegacyBench {
  private final PieceStore store;
  private final Audit audit;
  private final long most;

  /// The host at the other end.
  public interface Host {
    /// @param request all that was sent
    /// @return everything that the host ever sends on this connection; absent when it takes none
    Optional<byte[]> answer(byte[] request);

    /// Bytes of it that arrive at once, at least 1.
    int chunk();
  }

  /// @param most bytes of content
  public LegacyBench(PieceStore store, Audit audit, long most) {
    this.store = store;
    this.audit = audit;
    this.most = most;
  }

  /// The content that was proven, if any.
  public Optional<StoredTask> fetch(Wanted wanted, Host host) {
    var config = new LegacyParentsConfig(List.of(Cidr.parse("127.0.0.1/32")), 4005);
    var bounds = new LegacyParents.Bounds(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1), most, 1);
    var means = new LegacyFetch.Means(() -> new Memory(host), new NoTime(), bounds);
    var parents = new LegacyParents(config, (_, _, _) -> List.of(InetAddress.getLoopbackAddress()), store, audit, means);
    return parents.fetch(wanted, new Cancel()).map(LegacyParents.Proven::task);
  }

  private static final class Memory implements Connection {
    private final Host host;
    private final ByteBuffer request = ByteBuffer.allocate(256);
    private Optional<ByteBuffer> answer = Optional.empty();
    private boolean open = true;

    Memory(Host host) {
      this.host = host;
    }

    @Override
    public void connect(InetSocketAddress address) {}

    @Override
    public int write(ByteBuffer bytes) {
      int count = bytes.remaining();
      request.put(bytes);
      return count;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      if (answer.isEmpty()) {
        byte[] sent = java.util.Arrays.copyOf(request.array(), request.position());
        answer = Optional.of(ByteBuffer.wrap(host.answer(sent).orElseThrow(() -> new IOException("refused"))));
      }
      ByteBuffer rest = answer.get();
      if (!rest.hasRemaining()) {
        return -1;
      }
      int count = Math.min(Math.min(rest.remaining(), into.remaining()), host.chunk());
      into.put(rest.slice(rest.position(), count));
      rest.position(rest.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }
}
