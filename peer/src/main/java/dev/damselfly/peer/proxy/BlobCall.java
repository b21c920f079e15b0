package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.download.GetSpec;
import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.download.Sources;
import dev.damselfly.peer.store.PieceReader;
import dev.damselfly.peer.store.StoredTask;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// One request for a blob: first the registry's word that these credentials may have it (D4), then pieces in order as they
/// are verified. Used by one thread.
///
/// The last piece of a whole blob leaves only after everything was compared with the digest in the URL, so that no wrong
/// blob ever arrives complete. A range is verified piece by piece.
final class BlobCall {
  private static final int CHUNK = 256 << 10;
  private static final String TASK = "X-Dragonfly-Task-ID";
  private static final String FINISHED = "X-Dragonfly-Task-Download-Finished";

  /// Bytes known to come from where, when the answer began.
  private static final String SOURCES = "X-Damselfly-Sources";

  private final Blobs blobs;
  private final Ledger ledger;
  private final Ask ask;
  private final Digest digest;
  private final Conditions conditions;
  private final Reply reply;

  BlobCall(Blobs blobs, Ledger ledger, Ask ask, Digest digest, Reply reply) {
    this.blobs = blobs;
    this.ledger = ledger;
    this.ask = ask;
    this.digest = digest;
    this.conditions = Conditions.of(ask.head(), digest);
    this.reply = reply;
  }

  /// @throws dev.damselfly.api.error.RequestFailure when registry, egress or swarm refuse
  /// @throws IOException when the caller is gone
  void run() throws IOException, InterruptedException {
    boolean factsDecide = conditions.unchanged() || ask.head().isHead() || conditions.range().isPresent();
    if (!factsDecide) {
      stream(Optional.empty());
      return;
    }
    OptionalLong length = blobs.stat(spec(Optional.empty()), LocalCaller.anonymous()).map(ContentFacts::contentLength).orElse(OptionalLong.empty());
    if (conditions.unchanged()) {
      ledger.forwarded(ask, 304);
      reply.head(described(304));
    } else if (ask.head().isHead()) {
      ledger.forwarded(ask, 200);
      ResponseHead head = described(200);
      length.ifPresent(bytes -> head.with("Content-Length", bytes));
      reply.head(head);
    } else {
      part(length);
    }
  }

  private void part(OptionalLong length) throws IOException, InterruptedException {
    if (length.isEmpty()) {
      stream(Optional.empty()); // a range of something of unknown length cannot be answered as such
      return;
    }
    Optional<ByteRange> range = conditions.range().orElseThrow().resolve(length.getAsLong());
    if (range.isEmpty()) {
      ledger.forwarded(ask, 416);
      reply.head(described(416).with("Content-Range", "bytes */" + length.getAsLong()).with("Content-Length", 0));
      return;
    }
    stream(range);
  }

  private ResponseHead described(int status) {
    ResponseHead head = new ResponseHead(status).with("Docker-Content-Digest", digest.toString()).with("ETag", conditions.tag());
    return status == 416 ? head : head.with("Accept-Ranges", "bytes").with("Content-Type", "application/octet-stream");
  }

  private GetSpec spec(Optional<ByteRange> range) {
    var download = Download.newBuilder().setUrl(ask.url()).putAllRequestHeader(ask.origin().headers());
    if (range.isPresent()) {
      download.setRange(Range.newBuilder().setStart(range.get().start()).setLength(range.get().length()));
    } else {
      download.setDigest(digest.toString());
    }
    return new GetSpec(download.build(), Duration.ZERO, ask.label());
  }

  private void stream(Optional<ByteRange> range) throws IOException, InterruptedException {
    try (var arrivals = new Arrivals()) {
      reply.onGone(arrivals::gone);
      try (var _ = blobs.get(spec(range), LocalCaller.anonymous(), arrivals)) {
        StoredTask task = arrivals.awaitStart();
        long length = arrivals.length();
        if (length == 0) {
          arrivals.awaitEnd(0);
          begin(task, arrivals, Optional.empty());
          return;
        }
        send(task, arrivals, range);
      }
    }
  }

  private void send(StoredTask task, Arrivals arrivals, Optional<ByteRange> range) throws IOException, InterruptedException {
    ByteRange wanted = range.orElse(new ByteRange(0, arrivals.length()));
    PieceLayout layout = layout(task, arrivals.length());
    int last = layout.last(wanted).value();
    int number = layout.first(wanted).value();
    while (number <= last) {
      if (number == last && range.isEmpty()) {
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
    long length = arrivals.length();
    ResponseHead head = described(range.isPresent() ? 206 : 200);
    range.ifPresent(part -> head.with("Content-Range", "bytes " + part.start() + "-" + (part.end() - 1) + "/" + length));
    long bytes = range.map(ByteRange::length).orElse(length);
    Sources sources = arrivals.sources();
    head.with("Content-Length", bytes)
        .with(TASK, task.id().value())
        .with(SOURCES, "origin=" + sources.origin() + ", peers=" + sources.peers() + ", cache=" + sources.cache());
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
