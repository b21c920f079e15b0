package dev.damselfly.authz.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.Audit.AuditUnavailable;
import dev.damselfly.authz.audit.AuditVerifier.Fault;
import dev.damselfly.authz.audit.AuditVerifier.Finding;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The log on a real disk, and on one that refuses when it is told to.
@NullMarked
@Timeout(120)
@Threat("S-OBS-2")
class AuditLogTest {
  @TempDir Path directory;
  private AuditLog.Place place = new AuditLog.Place(Path.of("log"), Path.of("keys"));

  @BeforeEach
  void places() {
    place = new AuditLog.Place(directory.resolve("log"), directory.resolve("keys"));
  }

  private AuditLog open() throws IOException {
    return AuditLog.open(place, Limits.of(Part.PEER), AuditClock.system(), Map.of("build", "test"));
  }

  private static AuditEvent event(String object) {
    return new AuditEvent(AuditAction.CACHE_GRANT, "uid:7", object, AuditEvent.Decision.ALLOW, "", "local", Map.of());
  }

  private List<Path> segments() throws IOException {
    try (var files = Files.list(place.log())) {
      return files.sorted().toList();
    }
  }

  private List<String> lines() throws IOException {
    var lines = new ArrayList<String>();
    for (Path segment : segments()) {
      lines.addAll(Files.readAllLines(segment));
    }
    return lines;
  }

  private long linesWith(String text) throws IOException {
    return lines().stream().filter(line -> line.contains(text)).count();
  }

  private List<Fault> faults() throws IOException {
    return AuditLog.verify(place).findings().stream().map(Finding::fault).toList();
  }

  private void write(int records) throws IOException {
    try (var log = open()) {
      for (int i = 0; i < records; i++) {
        log.record(event("task:" + i));
      }
    }
  }

  @Test
  void record_standsOnDiskWhenTheCallReturns_andRunsFollowEachOther() throws IOException {
    try (var log = open()) {
      log.record(event("task:1"));
      assertThat(linesWith("\"task:1\"")).isEqualTo(1);
    }
    try (var log = open()) {
      log.record(event("task:2"));
    }

    assertThat(linesWith("\"process.start\"")).isEqualTo(2);
    assertThat(linesWith("\"process.stop\"")).isEqualTo(2);
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  @Test
  void manyThreadsAtOnce_loseNothing_andStayInOneChain() throws Exception {
    try (var log = open()) {
      var threads = new ArrayList<Thread>();
      for (int t = 0; t < 8; t++) {
        String name = "task:" + t + "-";
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      for (int i = 0; i < 25; i++) {
                        log.record(event(name + i));
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }

    assertThat(linesWith("\"cache.grant\"")).isEqualTo(200);
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  /// A cancelled download interrupts its threads, and one of them may just be recording something.
  @Test
  void interruptedCaller_isRecorded_keepsItsInterrupt_andHarmsNobody() throws Exception {
    var kept = new AtomicInteger();
    var failed = new AtomicInteger();
    try (var log = open()) {
      var threads = new ArrayList<Thread>();
      var started = new CountDownLatch(8);
      for (int t = 0; t < 8; t++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      started.countDown();
                      for (int i = 0; i < 50; i++) {
                        Thread.currentThread().interrupt();
                        try {
                          log.record(event("task:x"));
                        } catch (AuditUnavailable e) {
                          failed.incrementAndGet();
                        }
                        if (Thread.interrupted()) {
                          kept.incrementAndGet();
                        }
                      }
                    }));
      }
      started.await();
      for (Thread thread : threads) {
        while (thread.isAlive()) {
          thread.interrupt(); // in the middle of whatever it does
          thread.join(1);
        }
      }
      log.record(event("task:after"));
      assertThat(log.isHealthy()).isTrue();
    }

    assertThat(failed).hasValue(0);
    assertThat(kept.get()).isEqualTo(400);
    assertThat(linesWith("\"task:x\"")).isEqualTo(400);
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  @Test
  void fullSegment_isFollowedByAnother() throws IOException {
    var small = Limits.configured(Part.PEER, Map.of(Bound.AUDIT_FILE.key(), 16L << 10));
    try (var log = AuditLog.open(place, small, AuditClock.system(), Map.of())) {
      for (int i = 0; i < 200; i++) {
        log.record(event("task:" + i));
      }
    }

    assertThat(segments()).hasSizeGreaterThan(2);
    assertThat(linesWith("\"cache.grant\"")).isEqualTo(200);
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  @Test
  void writeThatACrashCutShort_isCutOff_andSaid() throws IOException {
    write(3);
    Files.writeString(segments().getLast(), "{\"seq\":99,\"half", StandardOpenOption.APPEND);

    write(1);

    assertThat(linesWith("\"audit.gap\"")).isEqualTo(1);
    assertThat(linesWith("half")).isZero();
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  @Test
  void changedRecord_isFound() throws IOException {
    write(5);
    Path segment = segments().getFirst();
    Files.writeString(segment, Files.readString(segment).replace("\"task:3\"", "\"task:9\""));

    assertThat(faults()).contains(Fault.HASH);
  }

  @Test
  void removedRecord_isFound() throws IOException {
    write(5);
    Path segment = segments().getFirst();
    Files.write(segment, Files.readAllLines(segment).stream().filter(line -> !line.contains("\"task:3\"")).toList());

    assertThat(faults()).contains(Fault.ORDER, Fault.LINK);
  }

  @Test
  void removedEnd_isFound_andStopsTheNextStart() throws IOException {
    write(5);
    Path segment = segments().getFirst();
    List<String> all = Files.readAllLines(segment);
    Files.write(segment, all.subList(0, all.size() - 3));

    assertThat(faults()).contains(Fault.TRUNCATED);
    assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("removed");
  }

  @Test
  void diskThatRefuses_failsTheRecord_andTheGapIsWrittenDown() throws IOException {
    var disk = new Refusing(new DirDisk(place.log()));
    var heads = new AuditLog.Heads(HeadKey.openOrCreate(place.keys()), head -> {}, Optional.empty());
    try (var log = AuditLog.open(disk, heads, Limits.of(Part.PEER), AuditClock.system(), Map.of())) {
      log.record(event("task:1"));
      disk.refuse = true;
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> log.record(event("task:2"))).isInstanceOf(AuditUnavailable.class);
      }
      assertThat(log.isHealthy()).isFalse();
      disk.refuse = false;
      log.record(event("task:3"));
      assertThat(log.isHealthy()).isTrue();
    }

    assertThat(linesWith("\"task:2\"")).isZero();
    assertThat(lines().stream().filter(line -> line.contains("\"audit.gap\"")).toList())
        .singleElement()
        .asString()
        .contains("\"refused\":\"2\"");
    assertThat(AuditLog.verify(place).isClean()).isTrue();
  }

  @Test
  void closedLog_takesNothing_andClosesAgain() throws IOException {
    var log = open();
    log.close();

    assertThatThrownBy(() -> log.record(event("task:1"))).isInstanceOf(AuditUnavailable.class);
    log.close();
    assertThat(linesWith("\"process.stop\"")).isEqualTo(1);
  }

  /// A disk that takes half of a write and then refuses.
  private static final class Refusing implements Disk {
    private final Disk disk;
    private volatile boolean refuse;

    Refusing(Disk disk) {
      this.disk = disk;
    }

    @Override
    public List<String> names() throws IOException {
      return disk.names();
    }

    @Override
    public Segment create(String name) throws IOException {
      return new Half(disk.create(name));
    }

    @Override
    public Segment open(String name) throws IOException {
      return new Half(disk.open(name));
    }

    @Override
    public void close() throws IOException {
      disk.close();
    }

    private final class Half implements Segment {
      private final Segment segment;

      Half(Segment segment) {
        this.segment = segment;
      }

      @Override
      public void append(ByteBuffer bytes) throws IOException {
        if (refuse) {
          segment.append(ByteBuffer.wrap("{\"half".getBytes(StandardCharsets.US_ASCII)));
          throw new IOException("told to refuse");
        }
        segment.append(bytes);
      }

      @Override
      public void sync() throws IOException {
        segment.sync();
      }

      @Override
      public void truncate(long size) throws IOException {
        segment.truncate(size);
      }

      @Override
      public long size() throws IOException {
        return segment.size();
      }

      @Override
      public InputStream read() throws IOException {
        return segment.read();
      }

      @Override
      public void close() throws IOException {
        segment.close();
      }
    }
  }
}
