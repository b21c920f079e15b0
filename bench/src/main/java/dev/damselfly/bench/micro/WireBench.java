package dev.damselfly.bench.micro;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.http.RangeHeader;
import dev.damselfly.api.wire.vortex.Decoded;
import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.Tag;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Frames of the piece protocol, ids of tasks, ranges of HTTP.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WireBench {
  private final FrameHeader header = new FrameHeader(7, Tag.DOWNLOAD_PIECE, 68);
  private final PieceMetadata metadata =
      new PieceMetadata(new PieceNumber(7), 7L << 22, 4 << 20, "crc32:1234567890", "", PieceMetadata.REMOTE_PEER, 0, 1_780_000_000);
  private final ByteBuffer headerBytes = ByteBuffer.allocate(FrameHeader.SIZE);
  private final ByteBuffer metadataBytes = ByteBuffer.allocate(256);
  private final Download download =
      Download.newBuilder()
          .setUrl("https://registry.example.org/v2/library/app/blobs/sha256:" + "0a".repeat(32) + "?ns=docker.io&b=2&a=1")
          .setTag("t")
          .setApplication("a")
          .addFilteredQueryParams("ns")
          .build();

  @Benchmark
  public Decoded<FrameHeader> frameHeader() {
    header.encode(headerBytes.clear());
    return FrameHeader.decode(headerBytes.flip());
  }

  @Benchmark
  public Decoded<PieceMetadata> pieceMetadata() {
    metadata.encode(7, Tag.PIECE_CONTENT, metadataBytes.clear());
    metadataBytes.flip().position(FrameHeader.SIZE);
    return PieceMetadata.decode(new FrameHeader(7, Tag.PIECE_CONTENT, metadataBytes.remaining()), metadataBytes);
  }

  @Benchmark
  public TaskId taskId() {
    return TaskTuple.of(download).id();
  }

  @Benchmark
  public Optional<ByteRange> range() {
    return RangeHeader.parse("bytes=4194304-8388607").resolve(1L << 30);
  }
}
