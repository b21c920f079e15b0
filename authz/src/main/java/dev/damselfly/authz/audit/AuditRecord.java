package dev.damselfly.authz.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// An event with its place in the chain, as it stands in the file: one line of canonical JSON.
///
/// @param hash lower-case hex; covers everything else, see [#hashOf]
public record AuditRecord(Position at, Body body, String prev, String hash) {
  /// Version of the record format.
  static final int VERSION = 1;

  /// Head of the chain before its first record.
  static final String GENESIS = "0".repeat(64);

  private static final byte[] DOMAIN = "damselfly-audit-v1\n".getBytes(StandardCharsets.US_ASCII);

  /// When and in which run.
  ///
  /// @param seq from 1, without gaps
  /// @param boot random id of the process start, 32 hex digits
  /// @param mono nanoseconds since that start
  /// @param wall nanoseconds since 1970 UTC
  /// @param clock where the wall time comes from
  public record Position(long seq, String boot, long mono, long wall, String clock) {}

  /// What happened, in the words of [AuditEvent].
  public record Body(
      String action,
      String actor,
      String object,
      String decision,
      String reason,
      String source,
      SortedMap<String, String> detail) {
    public Body {
      detail = Collections.unmodifiableSortedMap(new TreeMap<>(detail));
    }
  }

  static AuditRecord chained(Position at, Body body, String prev) {
    return new AuditRecord(at, body, prev, hashOf(json(at, body, prev, ""), prev));
  }

  /// The line without its line feed.
  public String line() {
    return json(at, body, prev, ",\"hash\":\"" + hash + '"');
  }

  /// Whether the hash is that of the other fields.
  public boolean isIntact() {
    return hash.equals(hashOf(json(at, body, prev, ""), prev));
  }

  private static String hashOf(String withoutHash, String prev) {
    byte[] text = withoutHash.getBytes(StandardCharsets.UTF_8);
    MessageDigest sha = sha256();
    sha.update(DOMAIN);
    sha.update(HexFormat.of().parseHex(prev));
    sha.update(ByteBuffer.allocate(Long.BYTES).putLong(0, text.length));
    return HexFormat.of().formatHex(sha.digest(text));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String json(Position at, Body body, String prev, String hashMember) {
    var out = new StringBuilder(512).append('{');
    text(out, "action", body.action()).append(',');
    text(out, "actor", body.actor()).append(',');
    text(out, "boot", at.boot()).append(',');
    text(out, "clock", at.clock()).append(',');
    text(out, "decision", body.decision()).append(",\"detail\":");
    detail(out, body.detail()).append(hashMember);
    out.append(",\"mono\":").append(at.mono()).append(',');
    text(out, "object", body.object()).append(',');
    text(out, "prev", prev).append(',');
    text(out, "reason", body.reason());
    out.append(",\"seq\":").append(at.seq()).append(',');
    text(out, "source", body.source());
    return out.append(",\"v\":").append(VERSION).append(",\"wall\":").append(at.wall()).append('}').toString();
  }

  private static StringBuilder detail(StringBuilder out, SortedMap<String, String> detail) {
    out.append('{');
    String comma = "";
    for (Map.Entry<String, String> entry : detail.entrySet()) {
      out.append(comma);
      AuditText.quote(out, entry.getKey());
      out.append(':');
      AuditText.quote(out, entry.getValue());
      comma = ",";
    }
    return out.append('}');
  }

  private static StringBuilder text(StringBuilder out, String key, String value) {
    out.append('"').append(key).append("\":");
    AuditText.quote(out, value);
    return out;
  }
}
