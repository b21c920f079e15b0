package dev.damselfly.dist.real;

import static java.util.stream.Collectors.joining;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A relay before the plain ports of schedulers that keeps the AnnouncePeer streams which pass. It changes no byte, and
/// needs no header: a stream is one of those when its first message is a registration. Thread-safe.
final class Wiretap implements AutoCloseable {
  private static final int PREFACE = 24;
  private static final int FRAME_HEAD = 9;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RESET = 3;
  private static final int END_STREAM = 1;
  private static final int MESSAGE_HEAD = 5;

  /// What both sides of one stream said.
  ///
  /// @param said by the client, first the registration
  /// @param saidNanos when the last of it passed
  /// @param endNanos when the server ended the stream; absent while it runs
  /// @param reset the error code with which the server reset the stream, if it did
  record Announcement(
      List<AnnouncePeerRequest> said,
      List<AnnouncePeerResponse> heard,
      long saidNanos,
      Optional<Long> endNanos,
      Optional<Integer> reset) {
    /// For people.
    String line() {
      return host() + " " + said.getFirst().getRegisterPeerRequest().getDownload().getUrl() + " said " + said.size() + " heard " + heard.size();
    }

    String task() {
      return said.getFirst().getTaskId();
    }

    String host() {
      return said.getFirst().getHostId();
    }

    boolean has(AnnouncePeerRequest.RequestCase kind) {
      return count(kind) > 0;
    }

    long count(AnnouncePeerRequest.RequestCase kind) {
      return said.stream().filter(message -> message.getRequestCase() == kind).count();
    }

    /// From the last word of the client to the end of the stream.
    long millisToEnd() {
      return TimeUnit.NANOSECONDS.toMillis(endNanos.orElseThrow() - saidNanos);
    }

    /// Hosts of all parents that the scheduler named.
    List<String> parents() {
      return heard.stream()
          .flatMap(answer -> answer.getNormalTaskResponse().getCandidateParentsList().stream())
          .map(parent -> parent.getHost().getId())
          .toList();
    }
  }

  private record Key(int connection, int stream) {}

  private static final class Half {
    private byte[] pending = {};

    /// The messages that are whole now.
    List<byte[]> take(byte[] more) {
      var all = ByteBuffer.allocate(pending.length + more.length).put(pending).put(more).flip();
      var messages = new ArrayList<byte[]>();
      while (all.remaining() >= MESSAGE_HEAD && all.remaining() >= MESSAGE_HEAD + all.getInt(all.position() + 1)) {
        all.get();
        byte[] message = new byte[all.getInt()];
        all.get(message);
        messages.add(message);
      }
      pending = new byte[all.remaining()];
      all.get(pending);
      return messages;
    }
  }

  private final List<ServerSocket> servers = new ArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Object lock = new Object();
  private final Map<Key, Announcement> announcements = new HashMap<>(); // under the lock, as all below
  private final Map<Key, Half> fromClients = new HashMap<>();
  private final Map<Key, Half> fromServers = new HashMap<>();
  private int connections;

  /// One port on all addresses, as schedulers behind one legacy port of a cluster have it.
  ///
  /// @param targets by the loopback address on which they are relayed
  static Wiretap start(Map<String, InetSocketAddress> targets) throws IOException {
    var tap = new Wiretap();
    int port = 0;
    for (var target : targets.entrySet()) {
      var server = new ServerSocket();
      server.bind(new InetSocketAddress(target.getKey(), port));
      port = server.getLocalPort();
      tap.servers.add(server);
      Thread.ofVirtual().start(() -> tap.accept(server, target.getValue()));
    }
    return tap;
  }

  int port() {
    return servers.getFirst().getLocalPort();
  }

  private void accept(ServerSocket server, InetSocketAddress target) {
    while (!server.isClosed()) {
      try {
        begin(server.accept(), target);
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /// A scheduler that is not there closes the client's connection, too.
  private void begin(Socket client, InetSocketAddress target) throws IOException {
    open.add(client);
    var scheduler = new Socket();
    try {
      scheduler.connect(target);
    } catch (IOException e) {
      client.close();
      open.remove(client);
      return;
    }
    open.add(scheduler);
    client.setTcpNoDelay(true);
    scheduler.setTcpNoDelay(true);
    int connection;
    synchronized (lock) {
      connection = connections++;
    }
    Thread.ofVirtual().start(() -> relay(client, scheduler, connection, true));
    Thread.ofVirtual().start(() -> relay(scheduler, client, connection, false));
  }

  private void relay(Socket from, Socket to, int connection, boolean byClient) {
    try (from; to) {
      var in = new DataInputStream(from.getInputStream());
      OutputStream out = to.getOutputStream();
      if (byClient) {
        out.write(in.readNBytes(PREFACE));
      }
      while (true) {
        byte[] head = new byte[FRAME_HEAD];
        in.readFully(head);
        int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff;
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) {
          throw new EOFException();
        }
        note(new Key(connection, ByteBuffer.wrap(head, 5, 4).getInt()), head[3], head[4], payload, byClient);
        out.write(ByteBuffer.allocate(FRAME_HEAD + length).put(head).put(payload).array());
      }
    } catch (IOException e) {
      // one side is gone, and so is the other
    } finally {
      open.remove(from);
    }
  }

  private void note(Key key, int type, int flags, byte[] payload, boolean byClient) throws IOException {
    synchronized (lock) {
      if (type == DATA) {
        var halves = byClient ? fromClients : fromServers;
        for (byte[] message : halves.computeIfAbsent(key, _ -> new Half()).take(payload)) {
          noteMessage(key, message, byClient);
        }
      }
      Announcement known = announcements.get(key);
      if (known != null && !byClient) {
        boolean ends = (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0 || type == RESET;
        Optional<Long> end = ends && known.endNanos().isEmpty() ? Optional.of(System.nanoTime()) : known.endNanos();
        Optional<Integer> reset = type == RESET ? Optional.of(ByteBuffer.wrap(payload).getInt()) : known.reset();
        announcements.put(key, new Announcement(known.said(), known.heard(), known.saidNanos(), end, reset));
      }
      lock.notifyAll();
    }
  }

  private void noteMessage(Key key, byte[] message, boolean byClient) throws IOException {
    Announcement known = announcements.get(key);
    if (byClient) {
      var request = known == null ? registration(message) : Optional.of(AnnouncePeerRequest.parseFrom(message));
      if (request.isPresent()) {
        List<AnnouncePeerRequest> said = known == null ? List.of() : known.said();
        List<AnnouncePeerResponse> heard = known == null ? List.of() : known.heard();
        announcements.put(
            key, new Announcement(with(said, request.get()), heard, System.nanoTime(), Optional.empty(), Optional.empty()));
      }
    } else if (known != null) {
      var heard = with(known.heard(), AnnouncePeerResponse.parseFrom(message));
      announcements.put(key, new Announcement(known.said(), heard, known.saidNanos(), known.endNanos(), known.reset()));
    }
  }

  private static Optional<AnnouncePeerRequest> registration(byte[] message) {
    try {
      return Optional.of(AnnouncePeerRequest.parseFrom(message)).filter(AnnouncePeerRequest::hasRegisterPeerRequest);
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty(); // a message of another method
    }
  }

  private static <T> List<T> with(List<T> list, T last) {
    var longer = new ArrayList<>(list);
    longer.add(last);
    return List.copyOf(longer);
  }

  List<Announcement> announcements() {
    synchronized (lock) {
      return List.copyOf(announcements.values());
    }
  }

  /// The first stream that is as wanted, when there is one.
  Announcement await(String what, Predicate<Announcement> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    synchronized (lock) {
      while (true) {
        Optional<Announcement> found = announcements.values().stream().filter(wanted).findFirst();
        if (found.isPresent()) {
          return found.get();
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          throw new AssertionError(
              "no stream with " + what + " among\n" + announcements.values().stream().map(Announcement::line).collect(joining("\n")));
        }
        lock.wait(left);
      }
    }
  }

  @Override
  public void close() {
    try {
      for (ServerSocket server : servers) {
        server.close();
      }
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
