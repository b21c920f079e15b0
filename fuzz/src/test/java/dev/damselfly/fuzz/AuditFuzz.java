package dev.damselfly.fuzz;

import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditClock;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditLog;
import dev.damselfly.authz.audit.AuditVerifier;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Audit logs: a log that differs in any byte from what the writer wrote, up to the last signed head, has findings.
/// Three bytes of input say where to change one byte of a real log, and how; longer input is a log of its own.
final class AuditFuzz implements Target {
  private static final List<java.security.PublicKey> KEYS = new ArrayList<>();
  private static final List<String> VALUES = List.of("v", "\"\\\b\t\n\f\r\u0001\u001f", "ä€𝄞", "");
  private static final byte[] REAL = write();

  public static void fuzzerTestOneInput(byte[] input) {
    new AuditFuzz().run(input);
  }

  private static byte[] write() {
    try {
      Path home = Files.createTempDirectory("audit-fuzz");
      var place = new AuditLog.Place(home.resolve("log"), home.resolve("keys"));
      try (var log = AuditLog.open(place, Limits.of(Part.PEER), AuditClock.system(), Map.of("role", "fuzz"))) {
        for (int i = 0; i < 20; i++) {
          log.record(new AuditEvent(AuditAction.AUTHZ_DENY, "spiffe://a/b", "rpc:x", AuditEvent.Decision.DENY, "R" + i, "local", Map.of("k", VALUES.get(i % VALUES.size()))));
        }
      }
      KEYS.add(dev.damselfly.authz.audit.HeadKey.openOrCreate(place.keys()).publicKey());
      try (var files = Files.list(place.log())) {
        return Files.readAllBytes(files.sorted().findFirst().orElseThrow());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void run(byte[] input) {
    byte[] log = input;
    if (input.length == 3) {
      log = REAL.clone();
      log[((input[0] & 0xff) << 8 | input[1] & 0xff) % log.length] ^= input[2];
    }
    boolean clean = verify(log);
    boolean same = Arrays.equals(log, REAL);
    if (same) {
      Accepted.yes();
    } else {
      Accepted.no();
    }
    if (same && !clean) {
      throw new AssertionError("the log as written has findings");
    }
    if (input.length == 3 && !same && clean) {
      throw new AssertionError("a changed byte was not noticed");
    }
  }

  private static boolean verify(byte[] log) {
    try {
      var source = new AuditVerifier.Source("audit.log", () -> new ByteArrayInputStream(log));
      return new AuditVerifier(KEYS).verify(List.of(source), Collections.emptyIterator(), true).isClean();
    } catch (IOException e) {
      throw new AssertionError("reading from memory does not fail", e);
    }
  }

  @Override
  public String name() {
    return "audit-log";
  }

  @Override
  public String oracle() {
    return "every changed byte of a real log is noticed; the log itself is clean";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(AuditVerifier.class, dev.damselfly.authz.audit.AuditReader.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 40; i++) {
      seeds.add(new byte[] {(byte) (i / 3), (byte) (i * 37), (byte) (1 + i)});
    }
    seeds.add(REAL);
    seeds.addAll(rewritten());
    seeds.add(new byte[0]);
    return seeds;
  }

  /// The real log with one line written anew: what a record may not say, and what no checkpoint says.
  private static List<byte[]> rewritten() {
    String log = new String(REAL, StandardCharsets.UTF_8);
    String record = log.lines().filter(line -> line.contains("\\u0001")).findFirst().orElseThrow();
    String checkpoint = log.lines().filter(line -> line.contains("audit.checkpoint")).findFirst().orElseThrow();
    return Stream.of(
            log.replace("\\u0001", "\\u00zz"),
            log.replace("\\u0001", "\\u00"),
            log.replace("\\u0001", "\\q"),
            log.replace("\\t", "\\u0009"),
            log.replace(record + "\n", ""),
            log.replace(record, record + "\n" + record),
            log.replace(record, "{}"),
            log.replace("\"v\":1", "\"v\":2"),
            log.replace("\"seq\":7,", "\"seq\":123456789012345678901,"),
            log.replace("\"seq\":7,", "\"seq\":-,"),
            log.replace(checkpoint, checkpoint.replaceAll("\"sig\":\"..", "\"sig\":\"00")),
            log.replace(checkpoint, checkpoint.replaceAll("\"head\":\"..", "\"head\":\"00")),
            log.replace(checkpoint, checkpoint.replaceAll("\"key\":\"", "\"key\":\"0")))
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .toList();
  }
}
