package dev.damselfly.peer.store;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Values to columns and back. What comes back is checked like any input: the file may have been edited.
final class Rows {
  static final String SELECT_TASKS =
      """
      SELECT task.*, coalesce(held.bytes, 0) AS held_bytes, coalesce(held.last, 0) AS held_end FROM task
      LEFT JOIN (SELECT task, sum(length) AS bytes, max(start + length) AS last FROM piece GROUP BY task) held
      ON held.task = task.key ORDER BY task.key
      """;

  /// No SPIFFE ID is empty.
  private static final String NOBODY = "";

  private Rows() {}

  /// The canonical URL is kept, not the given one, whose filtered parameters may be signatures.
  static void bindTask(PreparedStatement sql, TaskRow row) throws SQLException {
    var tuple = row.tuple();
    sql.setLong(1, row.key());
    sql.setString(2, tuple.id().value());
    sql.setBoolean(3, row.restricted());
    sql.setString(4, tuple.fingerprint().hex());
    sql.setString(5, tuple.form().name());
    sql.setString(6, tuple.canonicalUrl().text());
    sql.setString(7, tuple.tag());
    sql.setString(8, tuple.application());
    sql.setString(9, tuple.revision());
    bind(sql, 10, tuple.pieceLength());
    sql.setString(11, tuple.contentKey().orElse(null));
    sql.setString(12, row.used().toString());
    sql.setString(13, row.used().toString());
  }

  private static void bind(PreparedStatement sql, int index, OptionalLong value) throws SQLException {
    if (value.isPresent()) {
      sql.setLong(index, value.getAsLong());
    } else {
      sql.setNull(index, Types.INTEGER);
    }
  }

  static void bindFacts(PreparedStatement sql, ContentFacts facts) throws SQLException {
    bind(sql, 1, facts.contentLength());
    sql.setLong(2, facts.pieceLength());
    sql.setString(3, facts.etag());
    sql.setString(4, facts.lastModified());
    sql.setBoolean(5, facts.ranges());
  }

  static void bindPiece(PreparedStatement sql, long task, PieceRecord piece) throws SQLException {
    sql.setLong(1, task);
    sql.setInt(2, piece.number().value());
    sql.setLong(3, piece.range().start());
    sql.setLong(4, piece.range().length());
    sql.setString(5, piece.sha256().hex());
    sql.setString(6, piece.crc32());
    for (int i = 8; i <= 12; i++) {
      sql.setNull(i, Types.VARCHAR);
    }
    switch (piece.source()) {
      case PieceSource.Origin(long lease) -> {
        sql.setString(7, "origin");
        sql.setLong(8, lease);
      }
      case PieceSource.Parent(var peer, var spiffeId, var why, var grant) -> {
        sql.setString(7, "parent");
        sql.setString(9, peer);
        sql.setString(10, spiffeId);
        sql.setString(11, why);
        sql.setString(12, grant);
      }
      case PieceSource.Legacy(var address) -> { // a parent whose identity is empty
        sql.setString(7, "parent");
        sql.setString(9, address);
        sql.setString(10, NOBODY);
        sql.setString(11, "");
        sql.setString(12, "");
      }
    }
    sql.setString(13, piece.verifiedAgainst());
    sql.setString(14, piece.at().toString());
  }

  /// @throws InvalidValue when the row is not one that we wrote
  static TaskRow task(ResultSet row, List<String> filtered) throws SQLException {
    var tuple = tuple(row, filtered);
    boolean same =
        tuple.id().value().equals(row.getString("id")) && tuple.fingerprint().hex().equals(row.getString("fingerprint"));
    if (!same) {
      throw new InvalidValue("id and fingerprint must be those of the tuple");
    }
    var digests = new HashMap<String, String>();
    for (var algorithm : Digest.Algorithm.values()) {
      String value = row.getString(digestColumn(algorithm.wireName()));
      if (value != null) {
        digests.put(algorithm.wireName(), Digest.parse(value).toString());
      }
    }
    return new TaskRow(
        row.getLong("key"),
        tuple,
        row.getBoolean("restricted"),
        facts(row),
        instant(row.getString("used_at")),
        row.getLong("held_bytes"),
        row.getLong("held_end"),
        Map.copyOf(digests));
  }

  private static TaskTuple tuple(ResultSet row, List<String> filtered) throws SQLException {
    TaskTuple.Form form;
    try {
      form = TaskTuple.Form.valueOf(row.getString("form"));
    } catch (IllegalArgumentException e) {
      throw new InvalidValue("form must be one of the known ones");
    }
    return new TaskTuple(
        form,
        CanonicalUrl.parse(row.getString("url"), filtered),
        row.getString("tag"),
        row.getString("application"),
        row.getString("revision"),
        optional(row, "fixed_piece_length"),
        Optional.ofNullable(row.getString("content_key")));
  }

  private static Optional<ContentFacts> facts(ResultSet row) throws SQLException {
    var pieceLength = optional(row, "piece_length");
    if (pieceLength.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ContentFacts(
            optional(row, "content_length"),
            pieceLength.getAsLong(),
            row.getString("etag"),
            row.getString("last_modified"),
            row.getBoolean("ranges")));
  }

  private static OptionalLong optional(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new InvalidValue("must be a point in time");
    }
  }

  /// Column of a whole-content digest.
  static String digestColumn(String algorithm) {
    return switch (algorithm) {
      case "sha256" -> "sha256";
      case "sha512" -> "sha512";
      default -> throw new IllegalArgumentException("no column for this algorithm");
    };
  }

  /// Reads pieces of one task; texts that many pieces share are kept once.
  static final class Pieces {
    private final List<PieceRecord> pieces = new ArrayList<>();
    private final Map<String, String> texts = new HashMap<>();
    private final Map<PieceSource, PieceSource> sources = new HashMap<>();

    void add(ResultSet row) throws SQLException {
      pieces.add(
          new PieceRecord(
              new PieceNumber(row.getInt("number")),
              new ByteRange(row.getLong("start"), row.getLong("length")),
              new Sha256(row.getString("sha256")),
              row.getString("crc32"),
              sources.computeIfAbsent(source(row), s -> s),
              texts.computeIfAbsent(row.getString("verified_against"), t -> t),
              instant(row.getString("committed_at"))));
    }

    private static PieceSource source(ResultSet row) throws SQLException {
      if (row.getString("source").equals("origin")) {
        return new PieceSource.Origin(row.getLong("lease"));
      }
      return row.getString("spiffe_id").equals(NOBODY)
          ? new PieceSource.Legacy(row.getString("peer"))
          : new PieceSource.Parent(
              row.getString("peer"), row.getString("spiffe_id"), row.getString("why"), row.getString("grant_id"));
    }

    List<PieceRecord> all() {
      return List.copyOf(pieces);
    }
  }
}
