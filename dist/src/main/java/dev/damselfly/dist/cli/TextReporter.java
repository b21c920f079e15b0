package dev.damselfly.dist.cli;

import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.Progress;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/// For people. Progress goes to standard error, the result to standard output.
final class TextReporter implements Reporter {
  private static final long BAR_EVERY_NANOS = 100_000_000L;
  private static final long LINE_EVERY_NANOS = 1_000_000_000L;
  private static final int BAR = 24;
  private static final int MIN_BAR = 8;
  private static final int BAR_FRAME = 3;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;
  private final int width;
  private final LongSupplier nanos;
  private final Rate rate;
  private long lastShown;
  private boolean lineOpen;

  /// @param terminal redraw one line; else print a line a second
  /// @param width columns of the terminal
  TextReporter(PrintStream out, PrintStream err, boolean terminal, int width, LongSupplier nanos) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.width = width;
    this.nanos = nanos;
    this.rate = new Rate(nanos);
    this.lastShown = nanos.getAsLong();
  }

  @Override
  public void started(GetStarted started) {
    rate.restart();
  }

  @Override
  public void progress(Progress progress) {
    rate.note(progress.getBytesDone());
    long now = nanos.getAsLong();
    if (now - lastShown < (terminal ? BAR_EVERY_NANOS : LINE_EVERY_NANOS)) {
      return;
    }
    lastShown = now;
    String line = line(progress);
    if (terminal) {
      String cut = line.length() >= width ? line.substring(0, Math.max(0, width - 1)) : line;
      err.print("\r" + cut + "\u001b[K");
      err.flush();
      lineOpen = true;
    } else {
      err.println(line);
    }
  }

  /// The figures; before them a bar, when the terminal has room for both.
  private String line(Progress p) {
    var text = new StringBuilder();
    boolean known = p.hasBytesTotal() && p.getBytesTotal() > 0;
    int percent = known ? (int) (100 * (double) p.getBytesDone() / p.getBytesTotal()) : 0;
    if (known) {
      text.append(percent).append(" %  ").append(Sizes.bytes(p.getBytesDone())).append(" of ").append(Sizes.bytes(p.getBytesTotal()));
    } else {
      text.append(Sizes.bytes(p.getBytesDone()));
    }
    long perSecond = rate.perSecond();
    text.append("  ").append(Sizes.bytes(perSecond)).append("/s  ").append(p.getParents()).append(p.getParents() == 1 ? " peer" : " peers");
    if (known && perSecond > 0 && p.getBytesTotal() > p.getBytesDone()) {
      text.append("  ").append(Sizes.time(1000 * (p.getBytesTotal() - p.getBytesDone()) / perSecond)).append(" left");
    }
    int room = Math.min(BAR, width - 1 - text.length() - BAR_FRAME);
    if (terminal && known && room >= MIN_BAR) {
      int filled = Math.min(room, percent * room / 100);
      text.insert(0, "[" + "=".repeat(filled) + " ".repeat(room - filled) + "] ");
    }
    return text.toString();
  }

  @Override
  public void finished(GetFinished f, Path output) {
    clear();
    long millis = Math.max(1, f.getElapsedMillis());
    out.println(output + "  " + Sizes.bytes(f.getContentLength()) + " in " + Sizes.time(f.getElapsedMillis())
        + " (" + Sizes.bytes(1000 * f.getContentLength() / millis) + "/s)");
    out.println("  from origin  " + Sizes.bytes(f.getFromOrigin()));
    out.println("  from peers   " + Sizes.bytes(f.getFromPeers()) + (f.getParents() > 0 ? " (" + f.getParents() + " of them)" : ""));
    out.println("  from cache   " + Sizes.bytes(f.getFromCache()));
    if (f.getFromLegacy() > 0) {
      out.println("  from legacy  " + Sizes.bytes(f.getFromLegacy()) + " (no identity, no TLS: only the digest proves it)");
    }
    for (String line : f.getVerifiedAgainstList()) {
      out.println("  verified     " + line);
    }
    if (!f.getContentDigest().isEmpty()) {
      out.println("  digest       " + f.getContentDigest());
    }
    out.println("  task         " + f.getTaskId());
  }

  @Override
  public void failed(Failure failure) {
    clear();
    err.println("damselfly: " + (failure.getHop().isEmpty() ? "" : failure.getHop() + ": ") + failure.getMessage());
  }

  @Override
  public void clear() {
    if (lineOpen) {
      err.print("\r\u001b[K");
      err.flush();
      lineOpen = false;
    }
  }
}
