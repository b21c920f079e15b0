package dev.damselfly.peer.tools;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.protobuf.ByteString;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import dev.damselfly.peer.store.PieceReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.util.Optional;
import java.util.UUID;

/// A file that the daemon writes for its own user: a part file beside the final name, which has the content only when
/// everything was verified. The name is taken at once, by an empty file. For one thread.
final class FileSink implements PieceSink {
  private static final int COPY_BYTES = 1 << 20;

  private final SafeDir directory;
  private final FileName name;
  private final FileName part;
  private final FileChannel channel;
  private final boolean reserved;
  private final ByteBuffer copy = ByteBuffer.allocate(COPY_BYTES);
  private boolean finished;
  private boolean left;

  private FileSink(SafeDir directory, FileName name, FileName part, FileChannel channel, boolean reserved) {
    this.directory = directory;
    this.name = name;
    this.part = part;
    this.channel = channel;
    this.reserved = reserved;
  }

  /// Takes the directory over: it is closed with this, also when this fails.
  ///
  /// @throws FileAlreadyExistsException for a name that is taken, unless it may be replaced
  @MustBeClosed
  @SuppressWarnings("MustBeClosedChecker") // the sink owns its channel
  static FileSink create(SafeDir directory, FileName name, boolean overwrite) throws IOException {
    try {
      boolean reserved = reserve(directory, name, overwrite);
      var part = new FileName("part-" + UUID.randomUUID());
      try {
        return new FileSink(directory, name, part, directory.create(part), reserved);
      } catch (IOException e) {
        if (reserved) {
          directory.delete(name);
        }
        throw e;
      }
    } catch (IOException e) {
      directory.close();
      throw e;
    }
  }

  private static boolean reserve(SafeDir directory, FileName name, boolean overwrite) throws IOException {
    try (FileChannel empty = directory.create(name)) {
      return empty.isOpen();
    } catch (FileAlreadyExistsException e) {
      if (overwrite) {
        return false;
      }
      throw e;
    }
  }

  /// The tool removes the name itself, and takes it for a failure of its own when there is nothing to remove.
  @Override
  public void leaveToCaller() {
    left = true;
  }

  @Override
  public Optional<ByteString> take(PieceReader piece) throws IOException {
    ByteRange range = piece.record().range();
    for (long at = range.start(); at < range.end(); at += copy.capacity()) {
      copy.clear().limit((int) Math.min(copy.capacity(), range.end() - at));
      piece.readFully(copy, at);
      copy.flip();
      for (long to = at; copy.hasRemaining(); ) {
        to += channel.write(copy, to);
      }
    }
    return Optional.empty();
  }

  /// As long as the whole content, also when only a range of it was wanted.
  @Override
  public void finish(long contentLength) throws IOException {
    if (channel.size() < contentLength) {
      channel.write(ByteBuffer.allocate(1), contentLength - 1);
    }
    channel.force(true);
    channel.close();
    directory.rename(part, name);
    finished = true;
    directory.sync();
  }

  @Override
  public void close() throws IOException {
    try (directory) {
      channel.close();
      if (!finished) {
        directory.delete(part);
        if (reserved && !left) {
          directory.delete(name);
        }
      }
    }
  }
}
