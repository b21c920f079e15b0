package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.http.RangeHeader;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.download.GetSpec;
import dev.damselfly.peer.download.Sources;
import dev.damselfly.peer.store.PieceReader;
import dev.damselfly.peer.store.StoredTask;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// Answers one request from the swarm: pieces in order as they are verified. Used by one thread.
///
/// The last piece of a whole content leaves only after everything was compared with the expected digest, if there is one, so
/// that no wrong content ever arrives complete, also as a range. A part is verified piece by piece.
final class Delivery {
  private static final int CHUNK = 256 << 10;

  /// A range of at most so many bytes is answered when all of it is there: clients that read images by range go past the
  /// mirror after a refusal, but not after an answer that was cut.
  private static final long SMALL = 8L << 20;

  private static final String TASK = "X-Dragonfly-Task-ID";
  private static final String FINISHED = "X-Dragonfly-Task-Download-Finished";

  /// Bytes known to come from where, when the answer began.
  private static final String SOURCES = "X-Damselfly-Sources";

  private final Blobs blobs;
  private final Ledger ledger;
  private final Asked ask;
  private final Optional<Digest> digest;
  private final Description description;
  private final Reply reply;

  /// What the heads of answers say about the content.
  interface Description {
    /// @param status 200, 206 or 416
    ResponseHead head(int status);

    /// Looks at the facts of the task before anything of it is sent.
    ///
    /// @throws RuntimeException when it is not the content that was described
    default void require(Optional<ContentFacts> facts) {}
  }

  /// @param digest that the whole content must have
  Delivery(Blobs blobs, Ledger ledger, Asked ask, Optional<Digest> digest, Description description, Reply reply) {
    this.blobs = blobs;
    this.ledger = ledger;
    this.ask = ask;
    this.digest = digest;
    this.description = description;
    this.reply = reply;
  }

  /// @throws dev.damselfly.api.error.RequestFailure when server, egress or swarm refuse
  /// @throws IOException when the caller is gone
  void whole() throws IOException, InterruptedException {
    stream(Optional.empty(), true);
  }

  /// A part, or 416. Of something of unknown length it is the whole.
  void part(OptionalLong length, RangeHeader wanted) throws IOException, InterruptedException {
    if (length.isEmpty()) {
      whole(); // a range of something of unknown length cannot be answered as such
      return;
    }
    Optional<ByteRange> range = wanted.resolve(length.getAsLong());
    if (range.isEmpty()) {
      ledger.forwarded(ask, 416);
      reply.head(description.head(416).with("Content-Range", "bytes */" + length.getAsLong()).with("Content-Length", 0));
      return;
    }
    stream(range, range.get().length() == length.getAsLong());
  }

  /// The facts as the server tells them to this caller.
  OptionalLong length() {
    return blobs.stat(spec(Optional.empty()), ask.caller()).map(ContentFacts::contentLength).orElse(OptionalLong.empty());
  }

  private GetSpec spec(Optional<ByteRange> range) {
    var download = Download.newBuilder().setUrl(ask.url()).putAllRequestHeader(ask.origin().headers());
    if (range.isPresent()) {
      download.setRange(Range.newBuilder().setStart(range.get().start()).setLength(range.get().length()));
    } else {
      digest.ifPresent(expected -> download.setDigest(expected.toString()));
    }
    return new GetSpec(download.build(), Duration.ZERO, ask.label());
  }

  /// @param all the range, or its absence, stands for everything, so that the digest can be compared
  private void stream(Optional<ByteRange> range, boolean all) throws IOException, InterruptedException {
    try (var arrivals = new Arrivals()) {
      reply.onGone(arrivals::gone);
      try (var _ = blobs.get(spec(all ? Optional.empty() : range), ask.caller(), arrivals)) {
        StoredTask task = arrivals.awaitStart();
        long length = arrivals.length();
        if (length == 0) {
          arrivals.awaitEnd(0);
          begin(task, arrivals, Optional.empty());
          return;
        }
        send(task, arrivals, range, all);
      }
    }
  }

  private void send(StoredTask task, Arrivals arrivals, Optional<ByteRange> range, boolean all) throws IOException, InterruptedException {
    ByteRange wanted = range.orElse(new ByteRange(0, arrivals.length()));
    PieceLayout layout = layout(task, arrivals.length());
    int last = layout.last(wanted).value();
    int number = layout.first(wanted).value();
    if (range.isPresent() && wanted.length() <= SMALL) {
      arrivals.awaitPieces(number, last);
    }
    while (number <= last) {
      if (number == last && all) {
        arrivals.awaitEnd(number);
      } else {
        arrivals.awaitPiece(number);
      }
      Optional<PieceReader> piece = open(task, arrivals, number);
      if (piece.isPresent()) {
        try (PieceReader reader = piece.get()) {
          if (!reply.begun()) {
            begin(task, arrivals, range);
          }
          copy(reader, wanted);
        }
        number++;
      }
    }
  }

  /// Pieces have one length in a task, which facts that became known late say too.
  private static PieceLayout layout(StoredTask task, long length) {
    long piece = task.facts().map(ContentFacts::pieceLength).orElseGet(() -> PieceLayout.standard(length).pieceLength());
    return new PieceLayout(length, piece);
  }

  private static Optional<PieceReader> open(StoredTask task, Arrivals arrivals, int number) {
    try {
      return Optional.of(task.read(new PieceNumber(number)));
    } catch (Refused withdrawn) {
      if (withdrawn.reason() != Reason.TASK_UNKNOWN) {
        throw withdrawn;
      }
      arrivals.withdrawn(number);
      return Optional.empty();
    }
  }

  private void begin(StoredTask task, Arrivals arrivals, Optional<ByteRange> range) throws IOException, InterruptedException {
    description.require(task.facts());
    long length = arrivals.length();
    ResponseHead head = description.head(range.isPresent() ? 206 : 200);
    range.ifPresent(part -> head.with("Content-Range", "bytes " + part.start() + "-" + (part.end() - 1) + "/" + length));
    long bytes = range.map(ByteRange::length).orElse(length);
    Sources sources = arrivals.sources();
    String told = "origin=" + sources.origin() + ", peers=" + sources.peers() + ", cache=" + sources.cache();
    head.with("Content-Length", bytes)
        .with(TASK, task.id().value())
        .with(SOURCES, sources.legacy() > 0 ? told + ", legacy=" + sources.legacy() : told);
    if (arrivals.wasComplete()) {
      head.with(FINISHED, "true");
    }
    ledger.exported(ask, task.id().value(), bytes);
    reply.head(head);
  }

  private void copy(PieceReader piece, ByteRange wanted) throws IOException, InterruptedException {
    ByteRange bytes = piece.record().range();
    long position = Math.max(bytes.start(), wanted.start());
    long end = Math.min(bytes.end(), wanted.end());
    while (position < end) {
      int count = (int) Math.min(CHUNK, end - position);
      ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(count, count);
      try {
        piece.readFully(chunk.nioBuffer(0, count), position);
        chunk.writerIndex(count);
      } catch (IOException | RuntimeException e) {
        chunk.release();
        throw e;
      }
      reply.body(chunk);
      position += count;
    }
  }
}
