package dev.damselfly.authz.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What strangers put into events, as it stands in the file.
@NullMarked
class AuditContentTest {
  private static final int MAX_LINE = 8 << 10;
  private static final String NASTY = "a\nb\r\tc\"d\\e\u0000\u202e\u2028\ud800f\u00e9";

  private final AuditLog.Place place;

  AuditContentTest(@TempDir Path home) {
    place = new AuditLog.Place(home.resolve("log"), home.resolve("keys"));
  }

  private List<String> written(AuditEvent... events) throws IOException {
    try (var log = AuditLog.open(place, Limits.of(Part.PEER), AuditClock.system(), Map.of("role", "test"))) {
      for (AuditEvent event : events) {
        log.record(event);
      }
    }
    return new String(file(), StandardCharsets.UTF_8).lines().toList();
  }

  private byte[] file() throws IOException {
    try (var files = Files.list(place.log())) {
      return Files.readAllBytes(files.filter(Files::isRegularFile).sorted().findFirst().orElseThrow());
    }
  }

  private static AuditEvent event(String text) {
    return event(text, Map.of("detail", text));
  }

  private static AuditEvent event(String text, Map<String, String> detail) {
    return new AuditEvent(AuditAction.AUTHZ_DENY, text, text, Decision.DENY, text, text, detail);
  }

  private boolean isClean() throws IOException {
    return isClean(file());
  }

  @Test
  @Threat("F-48")
  void record_isOneLineForEveryReaderAndReadsBackAsItWas() throws Exception {
    List<String> lines = written(event(NASTY));

    List<String> denied = lines.stream().filter(line -> line.contains("authz.deny")).toList();
    assertThat(denied).hasSize(1);
    assertThat(denied.getFirst().codePoints())
        .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || Character.getType(c) == Character.LINE_SEPARATOR);
    JsonNode record = new ObjectMapper().readTree(denied.getFirst());
    assertThat(record.get("actor").asText()).isEqualTo(NASTY.replace('\ud800', '\ufffd'));
    assertThat(isClean()).isTrue();
  }

  @Test
  @Threat({"B-43", "F-48"})
  void record_isBoundedWhateverTheEventHoldsAndSaysWhatIsCut() throws Exception {
    Map<String, String> many = new HashMap<>();
    for (int i = 0; i < 1000; i++) {
      many.put("key" + i, NASTY);
    }

    List<String> lines = written(event(NASTY.repeat(10_000)), event("\u0001".repeat(100_000)), event("x", many));

    assertThat(lines).allMatch(line -> line.getBytes(StandardCharsets.UTF_8).length < MAX_LINE);
    List<String> denied = lines.stream().filter(line -> line.contains("authz.deny")).toList();
    assertThat(denied).hasSize(3);
    assertThat(denied.subList(0, 2)).allMatch(line -> line.contains("[cut]"));
    assertThat(new ObjectMapper().readTree(denied.getLast()).get("detail").has("cut")).isTrue();
    assertThat(isClean()).isTrue();
  }

  @Test
  @Threat("S-OBS-2")
  void log_withAnyLineTakenOutOrChangedIsNotClean() throws Exception {
    List<String> lines = written(event("one"), event("two"), event("three"));
    assertThat(isClean()).isTrue();

    for (int i = 0; i < lines.size() - 1; i++) {
      var without = new ArrayList<>(lines);
      without.remove(i);
      assertThat(isClean(without)).as("without line %d", i).isFalse();
      var changed = new ArrayList<>(lines);
      changed.set(i, lines.get(i).replaceFirst("\"source\":\"[^\"]*\"", "\"source\":\"elsewhere\""));
      assertThat(isClean(changed)).as("line %d changed", i).isFalse();
    }
  }

  private boolean isClean(List<String> lines) throws IOException {
    return isClean((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private boolean isClean(byte[] bytes) throws IOException {
    var source = new AuditVerifier.Source("audit.log", () -> new ByteArrayInputStream(bytes));
    var keys = List.of(HeadKey.openOrCreate(place.keys()).publicKey());
    return new AuditVerifier(keys).verify(List.of(source), Collections.emptyIterator(), true).isClean();
  }
}
