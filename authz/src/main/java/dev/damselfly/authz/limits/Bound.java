package dev.damselfly.authz.limits;

import static dev.damselfly.authz.limits.Bound.Span.between;
import static dev.damselfly.authz.limits.Bound.Sizes.*;
import static dev.damselfly.authz.limits.Unit.*;

import java.util.Locale;
import java.util.Set;

/// Every bound of the system: what it limits, its default, the range that configuration may choose from, and what
/// happens when it is reached. There is no "unlimited": each row has a hard maximum.
///
/// A row whose range is one value is fixed by the wire or a format.
public enum Bound {
  PIECE_REQUEST("B-01", ON_PEERS, "piece request value", BYTES, between(68, 68), 68, "close"),
  PIECE_METADATA(
      "B-02", ON_PEERS, "piece response metadata block", BYTES, between(1, 64 * KIB), 64 * KIB, "close, blame"),
  PIECE_LENGTH("B-03", EVERYWHERE, "piece length", BYTES, between(4 * MIB, 64 * MIB), 64 * MIB, "refuse"),
  FRAME_ERROR_TEXT(
      "B-05", ON_PEERS, "error text in a frame", BYTES, between(1, 4 * KIB), 4 * KIB, "truncate, escape"),
  INTERESTED_PIECES(
      "B-06", ON_PEERS, "interested piece numbers per request", COUNT, between(1, 1 << 20), 10_000, "refuse"),
  FRAME_HEADER_TIME(
      "B-07", ON_PEERS, "time for a frame header", MILLIS, between(1, 30 * SECOND), 5 * SECOND, "close"),
  FIRST_BYTE_TIME(
      "B-07", ON_PEERS, "time to the first byte of a piece", MILLIS, between(1, 30 * SECOND), 10 * SECOND, "close"),
  MIN_TRANSFER_RATE(
      "B-08", ON_PEERS, "lowest transfer rate after 10 s", BYTES_PER_SECOND, between(8 * KIB, 64 * KIB), 64 * KIB,
      "abort, other source"),
  LEGACY_PIECE_TIME(
      "B-08", ON_PEERS, "time for a piece of a host without identity", MILLIS, between(1, MINUTE), MINUTE,
      "close, other source"),
  CONNECTIONS_PER_IDENTITY(
      "B-09", EVERYWHERE, "connections per identity", COUNT, between(1, 1024), 64, "refuse newest"),
  CONNECTIONS("B-10", EVERYWHERE, "inbound connections", COUNT, between(1, 65_536), 4096, "refuse newest"),
  BYTES_IN_FLIGHT_PER_IDENTITY(
      "B-12", ON_PEERS, "bytes in flight per identity", BYTES, between(1, GIB), 256 * MIB, "back-pressure"),
  BYTES_IN_FLIGHT(
      "B-12", ON_PEERS, "bytes in flight, whole process", BYTES, between(1, 8 * GIB), 2 * GIB, "back-pressure"),
  GRPC_MESSAGE("B-13", EVERYWHERE, "gRPC message", BYTES, between(1, 65600 * KIB), 4 * MIB, "RESOURCE_EXHAUSTED"),
  GRPC_INLINE_MESSAGE(
      "B-13", ON_PEERS, "gRPC message with inline content, local socket", BYTES, between(1, 65600 * KIB), 65600 * KIB,
      "RESOURCE_EXHAUSTED"),
  GRPC_METADATA("B-14", EVERYWHERE, "gRPC metadata per call", BYTES, between(1, 64 * KIB), 16 * KIB, "refuse"),
  STREAMS_PER_CONNECTION(
      "B-15", EVERYWHERE, "HTTP/2 streams per connection", COUNT, between(1, 1000), 100, "refuse stream"),
  ANNOUNCE_STREAMS_PER_CONNECTION(
      "B-15", ON_SCHEDULERS, "HTTP/2 streams per connection of the announce port", COUNT, between(1, 1000), 1000,
      "refuse stream"),
  STREAMS_PER_IDENTITY(
      "B-15", EVERYWHERE, "open calls per identity", COUNT, between(1, 10_000), 2000, "RESOURCE_EXHAUSTED"),
  CALLS("B-15", EVERYWHERE, "open calls, whole server", COUNT, between(1, 100_000), 20_000, "RESOURCE_EXHAUSTED"),
  RESETS("B-16", EVERYWHERE, "RST_STREAM frames per connection in 30 s", COUNT, between(1, 1000), 200, "GOAWAY"),
  RESET_WINDOW(
      "B-16", EVERYWHERE, "window of the RST_STREAM budget", MILLIS, between(1, 30 * SECOND), 30 * SECOND, "GOAWAY"),
  CONNECTION_AGE(
      "B-17", EVERYWHERE, "age of a connection, at most the SVID's rest", MILLIS, between(1, 12 * HOUR), 12 * HOUR,
      "GOAWAY"),
  CONNECTION_GRACE("B-17", EVERYWHERE, "grace after GOAWAY", MILLIS, between(1, 5 * MINUTE), 5 * MINUTE, "close"),
  CONNECTION_IDLE("B-17", EVERYWHERE, "connection without a call", MILLIS, between(1, HOUR), 10 * MINUTE, "GOAWAY"),
  KEEPALIVE_PERMIT(
      "B-17", EVERYWHERE, "shortest permitted keepalive interval", MILLIS,
      between(10 * SECOND, 5 * MINUTE), 10 * SECOND,
      "GOAWAY"),
  CALLS_PER_SECOND(
      "B-17", EVERYWHERE, "calls opened, whole server", PER_SECOND, between(1, 100_000), 4000, "RESOURCE_EXHAUSTED"),
  CALLS_PER_SECOND_PER_IDENTITY(
      "B-17", EVERYWHERE, "calls opened per identity", PER_SECOND, between(1, 10_000), 400, "RESOURCE_EXHAUSTED"),
  IDENTITIES(
      "B-21", EVERYWHERE, "identities with a limiter of their own", COUNT, between(1, 1_000_000), 100_000,
      "oldest idle evicted"),
  PIECES_PER_TASK("B-18", EVERYWHERE, "pieces per task", COUNT, between(1, 1 << 20), 1 << 20, "refuse"),
  CONTENT_LENGTH("B-19", EVERYWHERE, "content length", BYTES, between(1, 1L << 46), 1L << 46, "refuse"),
  LEGACY_CONTENT(
      "B-19", ON_PEERS, "content of hosts without identity", BYTES, between(1, 1L << 46), 16 * GIB, "other source"),
  LEGACY_HOLDERS(
      "B-20", ON_PEERS, "hosts without identity asked for one content", COUNT, between(1, 20), 4, "other source"),
  CANDIDATE_PARENTS("B-20", EVERYWHERE, "candidate parents in one message", COUNT, between(1, 20), 20, "refuse"),
  IPS("B-20", ON_CONTROL_PLANE, "addresses in one message", COUNT, between(1, 100), 100, "refuse"),
  URLS("B-20", ON_CONTROL_PLANE, "URLs in one message", COUNT, between(1, 1000), 1000, "refuse"),
  PIECES_PER_MESSAGE(
      "B-20", ON_SCHEDULERS_AND_PEERS, "pieces in one message", COUNT, between(1, 1000), 1000, "refuse"),
  HOSTS(
      "B-21", ON_SCHEDULERS, "hosts per scheduler", COUNT, between(1, 1_000_000), 100_000,
      "refuse, oldest idle first"),
  TASKS(
      "B-21", ON_SCHEDULERS, "tasks per scheduler", COUNT, between(1, 10_000_000), 1_000_000,
      "refuse, oldest idle first"),
  PEERS(
      "B-21", ON_SCHEDULERS, "peers per scheduler", COUNT, between(1, 50_000_000), 5_000_000,
      "refuse, oldest idle first"),
  HOSTS_PER_IDENTITY("B-21", ON_SCHEDULERS, "hosts per identity", COUNT, between(1, 16), 1, "refuse"),
  TASKS_PER_IDENTITY("B-21", ON_SCHEDULERS, "tasks per identity", COUNT, between(1, 1_000_000), 10_000, "refuse"),
  OCI_MANIFEST("B-22", EVERYWHERE, "OCI manifest or index", BYTES, between(1, 4 * MIB), 4 * MIB, "refuse"),
  OCI_DEPTH("B-22", EVERYWHERE, "nesting of OCI indexes", COUNT, between(1, 2), 2, "refuse"),
  OCI_LAYERS("B-22", EVERYWHERE, "layers of an image", COUNT, between(1, 4096), 512, "refuse"),
  OCI_ANNOTATIONS("B-22", EVERYWHERE, "annotations of a descriptor", COUNT, between(1, 10_000), 1000, "refuse"),
  URL("B-23", EVERYWHERE, "URL", BYTES, between(1, 8 * KIB), 8 * KIB, "refuse"),
  STORED_HEADERS("B-24", EVERYWHERE, "request headers stored per registration", COUNT, between(1, 64), 64, "refuse"),
  STORED_HEADER_BYTES(
      "B-24", EVERYWHERE, "bytes of stored request headers", BYTES, between(1, 16 * KIB), 16 * KIB, "refuse"),
  PROXY_HEAD("B-25", ON_PEERS, "proxy request head", BYTES, between(1, 64 * KIB), 32 * KIB, "431"),
  PROXY_HEADERS("B-25", ON_PEERS, "proxy request headers", COUNT, between(1, 256), 100, "431"),
  PROXY_HEADER("B-25", ON_PEERS, "one proxy request header", BYTES, between(1, 32 * KIB), 16 * KIB, "431"),
  PROXY_HEAD_TIME("B-25", ON_PEERS, "time for a proxy request head", MILLIS, between(1, 30 * SECOND), 10 * SECOND, "close"),
  PROXY_IDLE("B-25", ON_PEERS, "proxy connection without a request", MILLIS, between(1, HOUR), 2 * MINUTE, "close"),
  PROXY_STALL(
      "B-25", ON_PEERS, "time in which a proxy caller takes nothing", MILLIS, between(1, HOUR), 2 * MINUTE, "close"),
  PROXY_CONNECTIONS("B-25", ON_PEERS, "proxy connections", COUNT, between(1, 65_536), 1024, "close newest"),
  PROXY_REQUESTS("B-25", ON_PEERS, "proxy requests at work", COUNT, between(1, 10_000), 256, "503"),
  PROXY_UNKNOWN_CALLERS(
      "B-25", ON_PEERS, "recorded proxy requests without a caller's token, each second", COUNT, between(1, 1000), 10,
      "429, no record"),
  LABEL_TEXT("B-26", EVERYWHERE, "tag, application, description", BYTES, between(1, KIB), KIB, "refuse"),
  PEER_ID("B-27", EVERYWHERE, "peer id", BYTES, between(1, 512), 512, "refuse"),
  HOST_ID("B-27", EVERYWHERE, "host id", BYTES, between(1, 320), 320, "refuse"),
  TASK_ID("B-28", EVERYWHERE, "task id", BYTES, between(64, 64), 64, "refuse"),
  MESSAGE_DURATION("B-29", EVERYWHERE, "durations in messages", MILLIS, between(1, 7 * DAY), 7 * DAY, "clamp"),
  TTL_MIN(
      "B-30", ON_SCHEDULERS_AND_PEERS, "shortest life of persistent content", MILLIS,
      between(MINUTE, 7 * DAY), 5 * MINUTE,
      "refuse"),
  TTL_MAX(
      "B-30", ON_SCHEDULERS_AND_PEERS, "longest life of persistent content", MILLIS, between(MINUTE, 7 * DAY), 7 * DAY,
      "refuse"),
  REPLICAS("B-30", ON_SCHEDULERS_AND_PEERS, "persistent replicas", COUNT, between(1, 5), 5, "refuse"),
  JOB_TASKS("B-31", ON_CONTROL_PLANE, "tasks of a job at once", COUNT, between(1, 100), 8, "refuse"),
  JOB_PEERS("B-31", ON_CONTROL_PLANE, "peers of a job at once", COUNT, between(1, 1000), 500, "refuse"),
  JOB_LAYERS("B-31", ON_CONTROL_PLANE, "layers of a job at once", COUNT, between(1, 100), 8, "refuse"),
  LISTING_PAGES("B-32", ON_PEERS, "pages of a listing", COUNT, between(1, 1000), 1000, "refuse"),
  LISTING_ENTRIES("B-32", ON_PEERS, "entries of a listing", COUNT, between(1, 100_000), 100_000, "refuse"),
  LISTING_NAME("B-32", ON_PEERS, "name in a listing", BYTES, between(1, KIB), KIB, "refuse"),
  LISTING_SEGMENT("B-32", ON_PEERS, "segment of a name", BYTES, between(1, 255), 255, "refuse"),
  LISTING_DEPTH("B-32", ON_PEERS, "depth of a listing", COUNT, between(1, 64), 64, "refuse"),
  REDIRECTS("B-33", EVERYWHERE, "redirects", COUNT, between(1, 10), 5, "refuse"),
  DNS_ANSWERS("B-34", EVERYWHERE, "DNS answers", COUNT, between(1, 64), 16, "refuse"),
  DNS_TIME("B-34", EVERYWHERE, "time to resolve a name", MILLIS, between(1, 10 * SECOND), 2 * SECOND, "refuse"),
  REGEX_LENGTH("B-35", EVERYWHERE, "regular expression", BYTES, between(1, 4 * KIB), KIB, "refuse at load"),
  REGEX_RULES("B-35", EVERYWHERE, "rules per set", COUNT, between(1, 10_000), 1000, "refuse at load"),
  BLOCK_RULES(
      "B-35", ON_MANAGERS_AND_PEERS, "rules of one kind in a block list", COUNT, between(256, 256), 256, "refuse at load"),
  BLOCK_PATTERNS(
      "B-35", ON_MANAGERS_AND_PEERS, "instructions of all regular expressions of one list, compiled", COUNT,
      between(10_000, 10_000), 10_000, "refuse at load"),
  BLOCK_DOCUMENT(
      "B-35", ON_MANAGERS_AND_PEERS, "block list as a document", BYTES, between(12 * KIB, 12 * KIB), 12 * KIB,
      "refuse at load"),
  JWT("B-36", ON_MANAGERS_AND_PEERS, "JWT", BYTES, between(1, 16 * KIB), 8 * KIB, "401"),
  CHAIN_CERTIFICATES("B-37", EVERYWHERE, "certificates of a chain", COUNT, between(1, 10), 5, "handshake failure"),
  CHAIN_BYTES("B-37", EVERYWHERE, "bytes of a chain", BYTES, between(1, 128 * KIB), 64 * KIB, "handshake failure"),
  TRUST_DOMAIN("B-38", EVERYWHERE, "trust domain", BYTES, between(1, 255), 255, "refuse"),
  SPIFFE_ID("B-38", EVERYWHERE, "SPIFFE ID", BYTES, between(1, 2 * KIB), 2 * KIB, "refuse"),
  BUNDLE("B-39", EVERYWHERE, "bundle document", BYTES, between(1, 4 * MIB), MIB, "keep last good"),
  BUNDLE_KEYS("B-39", EVERYWHERE, "keys per bundle", COUNT, between(1, 256), 64, "keep last good"),
  BUNDLES("B-39", EVERYWHERE, "bundles", COUNT, between(1, 4096), 256, "keep last good"),
  HANDSHAKES("B-40", EVERYWHERE, "TLS handshakes at once", COUNT, between(1, 1024), 64, "refuse newest"),
  HANDSHAKE_TIME(
      "B-40", EVERYWHERE, "time of a TLS handshake", MILLIS, between(1, 30 * SECOND), 10 * SECOND, "close"),
  BOOTSTRAP("B-41", ON_PEERS, "Nydus bootstrap", BYTES, between(1, 2 * GIB), 512 * MIB, "refuse"),
  INODES("B-41", ON_PEERS, "inodes of a bootstrap", COUNT, between(1, 16 << 20), 16 << 20, "refuse"),
  PATH_DEPTH("B-41", ON_PEERS, "depth of a path", COUNT, between(1, 4096), 4096, "refuse"),
  DIRECTORY_ENTRIES("B-41", ON_PEERS, "entries of a directory", COUNT, between(1, 4 << 20), 4 << 20, "refuse"),
  XATTRS("B-41", ON_PEERS, "extended attributes of an inode", BYTES, between(1, 64 * KIB), 64 * KIB, "refuse"),
  CHUNKS("B-41", ON_PEERS, "chunks of a blob", COUNT, between(1, 16 << 20), 16 << 20, "refuse"),
  CHUNK("B-41", ON_PEERS, "chunk", BYTES, between(1, 16 * MIB), 16 * MIB, "refuse"),
  MOUNT_PATH("B-41", ON_PEERS, "path asked of a mounted image", BYTES, between(4 * KIB, 4 * KIB), 4 * KIB, "EINVAL"),
  MOUNT_READ("B-41", ON_PEERS, "one read of a mounted image", BYTES, between(MIB, MIB), MIB, "cut"),
  MOUNT_OPEN_FILES("B-41", ON_PEERS, "files open in a mounted image", COUNT, between(65_536, 65_536), 65_536, "ENOMEM"),
  MOUNT_READ_AHEAD(
      "B-41", ON_PEERS, "content fetched ahead of one reader in order", BYTES, between(32 * MIB, 32 * MIB), 32 * MIB, "wait"),
  MOUNT_PREFETCH(
      "B-41", ON_PEERS, "content of a mounted image fetched before anybody asks, unless its user says another size", BYTES,
      between(GIB, GIB), GIB, "stop"),
  INFLATED(
      "B-42", EVERYWHERE, "decompressed bytes where the size is unknown", BYTES, between(1, 64 * MIB), 4 * MIB,
      "refuse"),
  INFLATE_RATIO("B-42", EVERYWHERE, "decompression ratio", COUNT, between(1, 1000), 100, "refuse"),
  LOG_RECORD("B-43", EVERYWHERE, "log record", BYTES, between(KIB, 64 * KIB), 16 * KIB, "truncate with mark"),
  AUDIT_RECORD("B-43", EVERYWHERE, "audit record", BYTES, between(8 * KIB, 8 * KIB), 8 * KIB, "truncate with mark"),
  AUDIT_FILE("B-43", EVERYWHERE, "audit file", BYTES, between(16 * KIB, GIB), 64 * MIB, "rotate"),
  AUDIT_CHECKPOINT_RECORDS(
      "B-43", EVERYWHERE, "audit records between signed heads", COUNT, between(1, 1000), 1000, "sign"),
  AUDIT_CHECKPOINT_TIME(
      "B-43", EVERYWHERE, "time between signed heads", MILLIS, between(1, 10 * SECOND), 10 * SECOND, "sign"),
  METRIC_SERIES("B-44", EVERYWHERE, "series per metric family", COUNT, between(1, 10_000), 1000, "overflow series"),
  QUEUE("B-45", EVERYWHERE, "entries of any in-memory queue", COUNT, between(1, 100_000), 10_000, "refuse newest"),
  LONGEST_WAIT("B-46", EVERYWHERE, "any blocking wait", MILLIS, between(1, 3 * HOUR), 3 * HOUR, "cancel"),
  LEGACY_CONTENT_TIME(
      "B-46", ON_PEERS, "time for content of a host without identity", MILLIS, between(1, 3 * HOUR), 30 * MINUTE,
      "other source"),
  DISK_HIGH("B-47", ON_PEERS, "disk use that starts eviction", PERCENT, between(1, 95), 80, "evict"),
  DISK_LOW("B-47", ON_PEERS, "disk use that ends eviction", PERCENT, between(1, 95), 60, "evict"),
  REST_BODY("B-48", ON_MANAGERS_AND_PEERS, "REST request body", BYTES, between(1, 4 * MIB), MIB, "413"),
  PAGE_SIZE("B-49", ON_MANAGERS, "entries of a list page", COUNT, between(1, 1000), 1000, "clamp"),
  LOGIN_FAILURES_PER_ACCOUNT(
      "B-50", ON_MANAGERS, "failed logins per account in 15 min", COUNT, between(1, 5), 5, "429"),
  LOGIN_FAILURES_PER_SOURCE(
      "B-50", ON_MANAGERS, "failed logins per source in 15 min", COUNT, between(1, 20), 20, "429");

  private final String id;
  @SuppressWarnings("ImmutableEnumChecker") // always from Set.of
  private final Set<Part> parts;
  private final String what;
  private final Unit unit;
  @SuppressWarnings("ImmutableEnumChecker") // a record of two numbers
  private final Span span;
  private final long standard;
  private final String breach;

  Bound(String id, Set<Part> parts, String what, Unit unit, Span span, long standard, String breach) {
    this.id = id;
    this.parts = parts;
    this.what = what;
    this.unit = unit;
    this.span = span;
    this.standard = standard;
    this.breach = breach;
  }

  /// Row of the threat model, `B-nn`; several bounds may share one.
  public String id() {
    return id;
  }

  /// Processes that enforce it.
  public Set<Part> parts() {
    return parts;
  }

  public String what() {
    return what;
  }

  public Unit unit() {
    return unit;
  }

  /// Smallest value that configuration may choose.
  public long least() {
    return span.least;
  }

  /// Hard maximum: no configuration goes beyond.
  public long most() {
    return span.most;
  }

  /// The value without configuration.
  public long standard() {
    return standard;
  }

  /// What the one who reaches it meets.
  public String breach() {
    return breach;
  }

  /// Name in configuration files, for example `connections-per-identity`.
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Values that may be chosen, both ends included.
  record Span(long least, long most) {
    static Span between(long least, long most) {
      return new Span(least, most);
    }
  }

  /// Names for the numbers of the table.
  static final class Sizes {
    static final long KIB = 1L << 10;
    static final long MIB = 1L << 20;
    static final long GIB = 1L << 30;
    static final long SECOND = 1_000;
    static final long MINUTE = 60 * SECOND;
    static final long HOUR = 60 * MINUTE;
    static final long DAY = 24 * HOUR;
    static final Set<Part> EVERYWHERE = Set.of(Part.MANAGER, Part.SCHEDULER, Part.PEER);
    static final Set<Part> ON_PEERS = Set.of(Part.PEER);
    static final Set<Part> ON_SCHEDULERS = Set.of(Part.SCHEDULER);
    static final Set<Part> ON_MANAGERS = Set.of(Part.MANAGER);
    static final Set<Part> ON_CONTROL_PLANE = Set.of(Part.MANAGER, Part.SCHEDULER);
    static final Set<Part> ON_SCHEDULERS_AND_PEERS = Set.of(Part.SCHEDULER, Part.PEER);
    static final Set<Part> ON_MANAGERS_AND_PEERS = Set.of(Part.MANAGER, Part.PEER);

    private Sizes() {}
  }
}
