package dev.damselfly.authz.audit;

import dev.damselfly.api.error.InvalidValue;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/// Reads an audit file line by line. Total: any bytes give records or typed faults; memory is one line. Not thread-safe.
public final class AuditReader implements AutoCloseable {
  /// Longest line, line feed included (B-43).
  static final int MAX_LINE = 8 * 1024;

  /// What stands on one line.
  public sealed interface Item {
    /// Of the line, from 1.
    long number();

    /// Bytes of the file up to and with this line.
    long end();

    /// A record in canonical form; its hash is not checked yet.
    record Line(long number, long end, AuditRecord record) implements Item {}

    /// Anything else.
    record Fault(long number, long end, Kind kind) implements Item {}
  }

  /// What is wrong with a line.
  public enum Kind {
    TOO_LONG,
    NOT_CANONICAL,
    /// The file ends before the line does: a write that a crash cut short.
    UNFINISHED
  }

  private final InputStream in;
  private final byte[] buffer = new byte[MAX_LINE];
  private long number;
  private long position;

  /// Closing the reader closes the stream.
  public AuditReader(InputStream in) {
    this.in = new BufferedInputStream(in, 64 * 1024);
  }

  /// The next line; empty at the end.
  public Optional<Item> next() throws IOException {
    int length = 0;
    boolean tooLong = false;
    int read;
    while ((read = in.read()) >= 0 && read != '\n') {
      position++;
      if (length < buffer.length - 1) {
        buffer[length++] = (byte) read;
      } else {
        tooLong = true;
      }
    }
    if (read < 0 && length == 0) {
      return Optional.empty();
    }
    number++;
    if (read < 0) {
      return Optional.of(new Item.Fault(number, position, Kind.UNFINISHED));
    }
    position++;
    return Optional.of(tooLong ? new Item.Fault(number, position, Kind.TOO_LONG) : parsed(length));
  }

  private Item parsed(int length) {
    try {
      return new Item.Line(number, position, RecordParser.parse(Arrays.copyOf(buffer, length)));
    } catch (InvalidValue e) {
      return new Item.Fault(number, position, Kind.NOT_CANONICAL);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
