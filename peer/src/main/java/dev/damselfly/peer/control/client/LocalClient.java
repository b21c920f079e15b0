package dev.damselfly.peer.control.client;

import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.LocalProtocol.Decoded;
import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.api.wire.local.v1.ExplainRequest;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.LimitsReply;
import dev.damselfly.api.wire.local.v1.LimitsRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.Progress;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import dev.damselfly.api.wire.local.v1.StopRequest;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// One request to the daemon over its Unix socket. Not thread-safe; [#close] from any thread ends a running request.
public final class LocalClient implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).flip();

  private LocalClient(SocketChannel channel) {
    this.channel = channel;
  }

  /// Takes what a download sends.
  public interface Receiver {
    default void started(GetStarted started) {}

    default void progress(Progress progress) {}

    /// Verified bytes for this offset of the output. The buffer is the receiver's until the method returns.
    void content(long offset, ByteBuffer bytes) throws IOException;
  }

  /// The daemon refused or failed.
  public static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Failure failure;

    Refused(Failure failure) {
      super(failure.getMessage(), null, false, false);
      this.failure = failure;
    }

    public Failure failure() {
      return failure;
    }
  }

  /// @throws IOException when no daemon listens there
  public static LocalClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new LocalClient(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// Downloads; returns when the daemon verified everything. Only then may the output get its final name.
  public GetFinished get(GetRequest request, Receiver receiver) throws IOException, Refused {
    send(LocalRequest.newBuilder().setGet(request));
    while (true) {
      LocalReply reply = next();
      switch (reply.getReplyCase()) {
        case STARTED -> receiver.started(reply.getStarted());
        case PROGRESS -> receiver.progress(reply.getProgress());
        case CONTENT -> content(reply.getContent().getOffset(), reply.getContent().getLength(), receiver);
        case FINISHED -> {
          return reply.getFinished();
        }
        default -> throw unexpected();
      }
    }
  }

  public StatusReply status() throws IOException, Refused {
    send(LocalRequest.newBuilder().setStatus(StatusRequest.getDefaultInstance()));
    LocalReply reply = next();
    if (!reply.hasStatus()) {
      throw unexpected();
    }
    return reply.getStatus();
  }

  /// @param subject a task id or an output label
  public ExplainReply explain(String subject) throws IOException, Refused {
    send(LocalRequest.newBuilder().setExplain(ExplainRequest.newBuilder().setSubject(subject)));
    LocalReply reply = next();
    if (!reply.hasExplain()) {
      throw unexpected();
    }
    return reply.getExplain();
  }

  public LimitsReply limits() throws IOException, Refused {
    send(LocalRequest.newBuilder().setLimits(LimitsRequest.getDefaultInstance()));
    LocalReply reply = next();
    if (!reply.hasLimits()) {
      throw unexpected();
    }
    return reply.getLimits();
  }

  /// Asks the daemon to stop; it answers before it does.
  public void stop() throws IOException, Refused {
    send(LocalRequest.newBuilder().setStop(StopRequest.getDefaultInstance()));
    if (!next().hasStopped()) {
      throw unexpected();
    }
  }

  private void send(LocalRequest.Builder request) throws IOException {
    ByteBuffer frame = LocalProtocol.encode(request.setVersion(LocalProtocol.VERSION).build());
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
  }

  private LocalReply next() throws IOException, Refused {
    while (true) {
      switch (LocalProtocol.reply(in)) {
        case Decoded.Message<LocalReply> message -> {
          in.position(in.position() + message.consumed());
          if (message.value().hasFailure()) {
            throw new Refused(message.value().getFailure());
          }
          return message.value();
        }
        case Decoded.NeedMore<LocalReply> _ -> fill();
        case Decoded.Bad<LocalReply> bad -> throw new IOException("the daemon does not speak this protocol: " + bad.rule());
      }
    }
  }

  private void content(long offset, int length, Receiver receiver) throws IOException {
    int left = length;
    long at = offset;
    while (left > 0) {
      if (!in.hasRemaining()) {
        fill();
      }
      int part = Math.min(left, in.remaining());
      receiver.content(at, in.slice(in.position(), part));
      in.position(in.position() + part);
      at += part;
      left -= part;
    }
  }

  private void fill() throws IOException {
    in.compact();
    int read = channel.read(in);
    in.flip();
    if (read < 0) {
      throw new EOFException("the daemon ended the connection");
    }
  }

  private static IOException unexpected() {
    return new IOException("the daemon sent something else than was asked for");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
