package dev.damselfly.peer.download;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import com.google.errorprone.annotations.concurrent.GuardedBy;

/// Origins' answers to callers' credentials, for a while (D4). Thread-safe.
///
/// Credentials are kept only as an HMAC under a key of this process: the table says nothing to whoever reads it.
final class Decisions {
  private static final int MAX = 10_000;

  private final SecretKeySpec key;
  private final Duration ttl;
  private final InstantSource clock;

  @GuardedBy("this")
  private final Map<String, Yes> accepted =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Yes> eldest) {
          return size() > MAX;
        }
      };

  private record Yes(ContentFacts facts, Instant until) {}

  Decisions(Duration ttl, InstantSource clock) {
    var secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    this.key = new SecretKeySpec(secret, "HmacSHA256");
    this.ttl = ttl;
    this.clock = clock;
  }

  /// What the origin told this caller's credentials about this task, if that is not too long ago.
  Optional<ContentFacts> find(TaskTuple tuple, OriginRequest request) {
    String fingerprint = fingerprint(tuple, request);
    synchronized (this) {
      Yes yes = accepted.get(fingerprint);
      if (yes == null || !clock.instant().isBefore(yes.until)) {
        accepted.remove(fingerprint);
        return Optional.empty();
      }
      return Optional.of(yes.facts);
    }
  }

  void accepted(TaskTuple tuple, OriginRequest request, ContentFacts facts) {
    String fingerprint = fingerprint(tuple, request);
    synchronized (this) {
      accepted.remove(fingerprint); // a new answer is the youngest
      accepted.put(fingerprint, new Yes(facts, clock.instant().plus(ttl)));
    }
  }

  void refused(TaskTuple tuple, OriginRequest request) {
    String fingerprint = fingerprint(tuple, request);
    synchronized (this) {
      accepted.remove(fingerprint);
    }
  }

  private String fingerprint(TaskTuple tuple, OriginRequest request) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      add(mac, tuple.fingerprint().hex());
      add(mac, request.url());
      new TreeMap<>(request.headers())
          .forEach(
              (name, value) -> {
                add(mac, name);
                add(mac, value);
              });
      return HexFormat.of().formatHex(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static void add(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    mac.update(bytes);
  }
}
