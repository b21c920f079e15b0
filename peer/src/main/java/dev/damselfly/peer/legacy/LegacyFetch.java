package dev.damselfly.peer.legacy;

import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.authz.egress.CheckedAddress;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.legacy.LegacyParents.Wanted;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.store.UnprovenContent;
import dev.damselfly.peer.time.Timer;
import dev.damselfly.peer.transfer.BadFrame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One attempt to get the whole content from one host, so that a wrong digest names its sender. Pieces come one after the
/// other, each over a connection of its own: the oldest hosts hang up after a reply (vortex 7). Blocking, one thread.
///
/// Nobody who is believed says how long the content is: it ends with the first piece that is shorter than the one before,
/// or where the host has no further piece.
final class LegacyFetch implements AutoCloseable {
  private static final int BUFFER = 256 << 10;

  private final Wanted wanted;
  private final CheckedAddress host;
  private final StoredTask into;
  private final Means means;
  private final Cancel cancel;
  private final long mostBytes;
  private final long deadline;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private @Nullable UnprovenContent content;
  private long pieceLength;

  /// What a fetch works with.
  record Means(Connection.Source connections, Timer timer, LegacyParents.Bounds bounds) {}

  LegacyFetch(Wanted wanted, CheckedAddress host, StoredTask into, Means means, Cancel cancel) {
    this.wanted = wanted;
    this.host = host;
    this.into = into;
    this.means = means;
    this.cancel = cancel;
    this.mostBytes = wanted.length().orElse(means.bounds().content());
    this.deadline = means.timer().nanos() + means.bounds().total().toNanos();
  }

  /// @return whether the host has the wanted content, which is visible in its task then
  /// @throws IOException when the host cannot be reached, hangs up or takes too long
  /// @throws BadFrame when it breaks the protocol or sends more than it may
  boolean run(PieceSource.Legacy source) throws IOException, BadFrame {
    int number = 0;
    while (fetch(new PieceNumber(number))) {
      number++;
    }
    UnprovenContent whole = content;
    return whole != null && whole.prove(source);
  }

  /// Bytes that arrived.
  long received() {
    UnprovenContent some = content;
    return some == null ? 0 : some.total();
  }

  /// @return whether there may be a next piece
  private boolean fetch(PieceNumber number) throws IOException, BadFrame {
    if (means.timer().nanos() - deadline >= 0) {
      throw new IOException("the content takes too long");
    }
    try (Connection connection = means.connections().open()) {
      cancel.waitsOn(connection);
      PieceReply reply = ask(number, connection);
      return switch (reply) {
        case PieceReply.Content c -> take(number, c.metadata(), connection);
        case PieceReply.No no -> {
          if (number.value() == 0 || no.error().kind() != ErrorReply.Kind.NOT_FOUND) {
            throw new BadFrame("the host refuses a piece");
          }
          yield false;
        }
      };
    }
  }

  private PieceReply ask(PieceNumber number, Connection connection) throws IOException, BadFrame {
    var alarm = means.timer().after(means.bounds().firstByte(), () -> Cancel.close(connection));
    try {
      connection.connect(host.address());
      var request = ByteBuffer.allocate(PieceRequest.SIZE);
      new PieceRequest(wanted.tuple().id(), number).encode(0, Tag.DOWNLOAD_PIECE, request);
      request.flip();
      while (request.hasRemaining()) {
        connection.write(request);
      }
      return PieceReply.read(connection);
    } finally {
      alarm.cancel();
    }
  }

  private boolean take(PieceNumber number, PieceMetadata said, Connection connection) throws IOException, BadFrame {
    UnprovenContent to = content;
    if (to == null) {
      pieceLength = Math.clamp(said.length(), PieceLayout.MIN_PIECE, PieceLayout.MAX_PIECE);
      to = into.unproven(pieceLength, wanted.digest());
      content = to;
    }
    boolean fits =
        said.number().equals(number) && said.offset() == to.total() && said.length() > 0 && said.length() <= pieceLength;
    if (!fits) {
      throw new BadFrame("the host describes another piece than the next");
    }
    if (said.length() > mostBytes - to.total()) {
      throw new BadFrame("the host has more content than there is or may be");
    }
    to.next();
    var alarm = means.timer().after(means.bounds().piece(), () -> Cancel.close(connection));
    try {
      pour(said.length(), connection, to);
    } finally {
      alarm.cancel();
    }
    boolean known = wanted.length().isPresent();
    return known ? to.total() < mostBytes && said.length() == pieceLength : said.length() == pieceLength;
  }

  private void pour(long length, Connection from, UnprovenContent to) throws IOException {
    for (long left = length; left > 0; left -= buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), left));
      if (from.read(buffer) < 0) {
        throw new EOFException("the host hung up");
      }
      to.write(buffer.flip());
    }
  }

  /// Drops what was not proven.
  @Override
  public void close() {
    if (content != null) {
      content.close();
    }
  }
}
