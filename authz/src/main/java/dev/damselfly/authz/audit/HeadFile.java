package dev.damselfly.authz.audit;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Signed heads in a file of the key directory, one per line, oldest first. Not thread-safe.
public final class HeadFile implements HeadSink, Closeable {
  private static final FileName NAME = new FileName("audit-heads.log");

  private final FileChannel channel;

  private HeadFile(FileChannel channel) {
    this.channel = channel;
  }

  /// Opens the file of the directory, or makes it with 0600. A last line that a crash cut short is taken away.
  @SuppressWarnings("MustBeClosedChecker") // closed by close()
  public static HeadFile open(Path directory) throws IOException {
    try (SafeDir dir = SafeDir.openOrCreate(directory)) {
      FileChannel channel = dir.exists(NAME) ? dir.write(NAME) : dir.create(NAME);
      dir.sync();
      var file = new HeadFile(channel);
      file.channel.truncate(file.lengthOfWholeLines());
      return file;
    }
  }

  @Override
  public void accept(SignedHead head) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((head + "\n").getBytes(StandardCharsets.US_ASCII));
    long at = channel.size();
    while (line.hasRemaining()) {
      at += channel.write(line, at);
    }
    channel.force(false);
  }

  /// The newest head, without reading the others.
  public Optional<SignedHead> newest() throws IOException {
    long end = channel.size();
    int length = (int) Math.min(end, 512);
    ByteBuffer tail = ByteBuffer.allocate(length);
    while (tail.hasRemaining() && channel.read(tail, end - length + tail.position()) >= 0) {}
    String text = new String(tail.array(), StandardCharsets.US_ASCII).stripTrailing();
    return text.isEmpty() ? Optional.empty() : Optional.of(SignedHead.parse(text.substring(text.lastIndexOf('\n') + 1)));
  }

  /// All heads in order, read as they are asked for.
  ///
  /// A line that is no head throws [UncheckedIOException].
  public Iterator<SignedHead> all() throws IOException {
    channel.position(0);
    return new Lines(new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII)));
  }

  private long lengthOfWholeLines() throws IOException {
    long end = channel.size();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (end > 0) {
      one.clear();
      if (channel.read(one, end - 1) == 1 && one.get(0) == '\n') {
        return end;
      }
      end--;
    }
    return 0;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static final class Lines implements Iterator<SignedHead> {
    private final BufferedReader in;
    private @Nullable String line;

    Lines(BufferedReader in) throws IOException {
      this.in = in;
      this.line = in.readLine();
    }

    @Override
    public boolean hasNext() {
      return line != null;
    }

    @Override
    public SignedHead next() {
      String now = line;
      if (now == null) {
        throw new NoSuchElementException();
      }
      try {
        line = in.readLine();
        return SignedHead.parse(now);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InvalidValue e) {
        throw new UncheckedIOException(new IOException("a line of the head file is not a signed head"));
      }
    }
  }
}
