package dev.damselfly.authz.audit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The hash-chained log of this process (compliance.md section 4). Thread-safe.
///
/// [#record] returns when the record is on disk. One thread of the log's own writes, so that no interrupt of a caller
/// closes the file under the others; records that are queued while it writes share the next disk sync. Nothing is called
/// while the lock is held.
/// When the disk refuses, every queued record fails and the chain goes back to its last durable record; the first record
/// that succeeds again has an `audit.gap` before it with the number of refused ones.
public final class AuditLog implements Audit, AutoCloseable {
  private static final long JUMP_NANOS = Duration.ofSeconds(5).toNanos();
  private static final String SELF = "self";

  private final Limits limits;
  private final AuditClock clock;
  private final HeadKey key;
  private final SegmentWriter writer;
  private final ReentrantLock lock = new ReentrantLock();

  /// The writer waits here for records, and for the end.
  private final Condition work = lock.newCondition();

  /// Callers wait here while a full segment is replaced.
  private final Condition room = lock.newCondition();

  private final ScheduledExecutorService timer;

  @GuardedBy("lock")
  private final Chain chain;

  @GuardedBy("lock")
  private Chain.Mark durable;

  @GuardedBy("lock")
  private Batch open;

  @GuardedBy("lock")
  private boolean closed;

  /// Records that could not be written since the last one that could.
  @GuardedBy("lock")
  private long refused;

  @GuardedBy("lock")
  private long segmentBytes;

  @GuardedBy("lock")
  private long sinceHead;

  @GuardedBy("lock")
  private long lastHeadNanos;

  @GuardedBy("lock")
  private Optional<Times> lastTimes = Optional.empty();

  /// Directories of a log. The two are apart, so that different rights can protect them.
  ///
  /// @param log segments
  /// @param keys head key and the list of signed heads
  public record Place(Path log, Path keys) {
    public Place {
      if (log.startsWith(keys) || keys.startsWith(log)) {
        throw new IllegalArgumentException("audit.log and audit.keys must be separate directories");
      }
    }
  }

  private record Times(long mono, long wall) {}

  /// Opens or continues the log and records `process.start`. The caller closes it.
  ///
  /// @param startFacts build id, config hash, profile: for the start record
  /// @throws IOException when an earlier part was changed, damaged, or is shorter than a head that was signed
  public static AuditLog open(Place place, Limits limits, AuditClock clock, Map<String, String> startFacts)
      throws IOException {
    HeadKey key = HeadKey.openOrCreate(place.keys());
    HeadFile heads = HeadFile.open(place.keys());
    return open(new DirDisk(place.log()), new Heads(key, heads, heads.newest()), limits, clock, startFacts);
  }

  /// Checks a log on disk, all segments and signed heads. A log that is being written may lack its newest head.
  ///
  /// @throws IOException when it cannot be read
  public static AuditVerifier.Report verify(Place place) throws IOException {
    var key = HeadKey.openOrCreate(place.keys());
    try (var disk = new DirDisk(place.log());
        var heads = HeadFile.open(place.keys())) {
      var sources = new ArrayList<AuditVerifier.Source>();
      for (String name : disk.names()) {
        sources.add(new AuditVerifier.Source(name, () -> disk.open(name).read()));
      }
      return new AuditVerifier(List.of(key.publicKey())).verify(sources, heads.all(), true);
    }
  }

  /// @param newest last head that the second place has
  record Heads(HeadKey key, HeadSink sink, Optional<SignedHead> newest) {}

  static AuditLog open(Disk disk, Heads heads, Limits limits, AuditClock clock, Map<String, String> startFacts)
      throws IOException {
    Recovery end = Recovery.read(disk);
    if (heads.newest().filter(head -> head.seq() > end.seq()).isPresent()) {
      throw new IOException("audit log ends before its newest signed head: records were removed");
    }
    var log = new AuditLog(new SegmentWriter(disk, heads.sink(), end), heads.key(), limits, clock, end);
    Thread.ofPlatform().daemon().name("audit-writer").start(log::writeQueued);
    try {
      log.begin(startFacts, end.tornBytes());
    } catch (AuditUnavailable e) {
      log.abandon();
      throw e;
    }
    return log;
  }

  private AuditLog(SegmentWriter writer, HeadKey key, Limits limits, AuditClock clock, Recovery end) {
    this.limits = limits;
    this.clock = clock;
    this.key = key;
    this.writer = writer;
    this.open = new Batch(lock.newCondition());
    this.chain = new Chain(clock, nonce(), end.seq(), end.head());
    this.durable = chain.mark();
    this.segmentBytes = end.wholeBytes();
    this.lastHeadNanos = clock.nanos().getAsLong();
    this.timer =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("audit-heads").factory());
  }

  private void begin(Map<String, String> startFacts, long tornBytes) {
    var facts = new TreeMap<>(startFacts);
    facts.put("nonce", nonce());
    record(own(AuditAction.PROCESS_START, Decision.DONE, facts));
    if (tornBytes > 0) {
      record(own(AuditAction.AUDIT_GAP, Decision.DONE, Map.of("torn_bytes", Long.toString(tornBytes))));
    }
    long millis = limits.time(Bound.AUDIT_CHECKPOINT_TIME).toMillis();
    timer.scheduleWithFixedDelay(this::signIfOwed, millis, millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void record(AuditEvent event) {
    lock.lock();
    try {
      awaitRoom();
      if (closed) {
        throw new AuditUnavailable("the audit log is closed", null);
      }
      Batch mine = open;
      enter(event);
      conclude();
      await(mine);
    } finally {
      lock.unlock();
    }
  }

  /// Whether the last write succeeded, to the log and to the second place of heads.
  public boolean isHealthy() {
    lock.lock();
    try {
      return refused == 0 && !closed && writer.headsArrive();
    } finally {
      lock.unlock();
    }
  }

  /// Records `process.stop`, signs the end, and closes the files. Idempotent.
  @Override
  public void close() throws IOException {
    timer.shutdownNow();
    try {
      stop();
    } finally {
      writer.close();
    }
  }

  private void stop() {
    lock.lock();
    try {
      awaitRoom();
      if (closed) {
        return;
      }
      closed = true;
      Batch last = open;
      enter(own(AuditAction.PROCESS_STOP, Decision.DONE, Map.of()));
      sign();
      await(last);
    } finally {
      lock.unlock();
    }
  }

  /// Ends the writer without a record.
  private void abandon() {
    timer.shutdownNow();
    lock.lock();
    try {
      closed = true;
      work.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A full segment is sealed until the writer has made the next one.
  @GuardedBy("lock")
  private void awaitRoom() {
    var patience = new Patience();
    while (open.sealed()) {
      patience.await(room);
    }
    patience.end();
  }

  @GuardedBy("lock")
  private void await(Batch mine) {
    var patience = new Patience();
    work.signal();
    while (!mine.isSettled()) {
      patience.await(mine.settlement());
    }
    patience.end();
    @Nullable IOException failure = mine.failure();
    if (failure != null) {
      throw new AuditUnavailable("the audit log cannot be written", failure);
    }
  }

  /// The writer: ends when the log is closed and everything that was queued is settled.
  private void writeQueued() {
    lock.lock();
    try {
      while (!closed || !open.isEmpty()) {
        if (open.isEmpty()) {
          work.awaitUninterruptibly();
        } else {
          writeOpen();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// Writes the open batch without the lock; others fill the next one meanwhile.
  @GuardedBy("lock")
  private void writeOpen() {
    Batch batch = open;
    open = new Batch(lock.newCondition());
    room.signalAll();
    lock.unlock();
    @Nullable IOException failure;
    try {
      failure = writer.write(batch);
    } catch (RuntimeException e) {
      failure = new IOException("the audit log failed", e); // fail closed: its records were not written
    } finally {
      lock.lock();
    }
    if (failure == null) {
      durable = batch.end();
      batch.succeed();
    } else {
      refuse(batch, failure);
    }
  }

  /// What is queued behind a failed batch is chained to it, so it fails too.
  @GuardedBy("lock")
  private void refuse(Batch batch, IOException failure) {
    refused += batch.events() + open.events();
    batch.fail(failure);
    open.fail(failure);
    open = new Batch(lock.newCondition());
    room.signalAll();
    chain.back(durable);
    segmentBytes = writer.durableBytes();
  }

  @GuardedBy("lock")
  private void enter(AuditEvent event) {
    if (refused > 0) {
      add(own(AuditAction.AUDIT_GAP, Decision.DONE, Map.of("refused", Long.toString(refused))));
      open.standsFor(refused);
      refused = 0;
    }
    noteJump();
    add(event);
    open.standsFor(1);
  }

  /// Signs a head that is due; ends a segment that is full.
  @GuardedBy("lock")
  private void conclude() {
    boolean full = segmentBytes >= limits.value(Bound.AUDIT_FILE);
    long age = clock.nanos().getAsLong() - lastHeadNanos;
    if (full
        || sinceHead >= limits.value(Bound.AUDIT_CHECKPOINT_RECORDS)
        || age >= limits.time(Bound.AUDIT_CHECKPOINT_TIME).toNanos()) {
      sign();
    }
    if (full) {
      add(own(AuditAction.AUDIT_ROTATE, Decision.DONE, Map.of("head", chain.mark().head())));
      open.seal(DirDisk.nameOf(chain.nextSeq()));
      segmentBytes = 0;
    }
  }

  @GuardedBy("lock")
  private void add(AuditEvent event) {
    segmentBytes += open.add(chain.append(event), chain.mark());
    sinceHead++;
  }

  @GuardedBy("lock")
  private void sign() {
    SignedHead head = key.sign(chain.mark().seq(), chain.mark().head());
    var facts =
        Map.of(
            "alg", HeadKey.ALGORITHM,
            "seq", Long.toString(head.seq()),
            "head", head.hash(),
            "key", head.keyId(),
            "sig", head.signature());
    add(own(AuditAction.AUDIT_CHECKPOINT, Decision.DONE, facts));
    open.announce(head);
    sinceHead = 0;
    lastHeadNanos = clock.nanos().getAsLong();
  }

  @GuardedBy("lock")
  private void noteJump() {
    var now = new Times(clock.nanos().getAsLong(), clock.wallNanos());
    long jump = lastTimes.map(last -> (now.wall() - last.wall()) - (now.mono() - last.mono())).orElse(0L);
    lastTimes = Optional.of(now);
    if (Math.abs(jump) > JUMP_NANOS) {
      add(own(AuditAction.CLOCK_JUMP, Decision.DONE, Map.of("jump_nanos", Long.toString(jump))));
    }
  }

  private void signIfOwed() {
    lock.lock();
    try {
      if (sinceHead > 0 && !closed && refused == 0 && !open.sealed()) {
        Batch mine = open;
        sign();
        await(mine);
      }
    } catch (AuditUnavailable e) {
      // nobody waits for this head: the state is red already, and the next record reports the gap
    } finally {
      lock.unlock();
    }
  }

  private static AuditEvent own(AuditAction action, Decision decision, Map<String, String> detail) {
    return new AuditEvent(action, SELF, "", decision, "", "local", detail);
  }

  private static String nonce() {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
