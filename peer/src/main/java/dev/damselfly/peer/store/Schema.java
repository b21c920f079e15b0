package dev.damselfly.peer.store;

import java.util.List;

/// The tables, as an operator reads them with `sqlite3 store.db`.
final class Schema {
  /// `PRAGMA user_version` of the tables below.
  static final int VERSION = 2;

  /// No transaction waits for the disk: [WriteAheadLog] forces them, and copies them into the database. A transaction
  /// only does so when that falls far behind.
  static final List<String> SETTINGS =
      List.of(
          "PRAGMA journal_mode = WAL",
          "PRAGMA synchronous = NORMAL",
          "PRAGMA wal_autocheckpoint = 8000",
          "PRAGMA foreign_keys = ON",
          "PRAGMA trusted_schema = OFF",
          "PRAGMA busy_timeout = 5000");

  static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE task (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            restricted INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            form TEXT NOT NULL,
            url TEXT NOT NULL,
            tag TEXT NOT NULL,
            application TEXT NOT NULL,
            revision TEXT NOT NULL,
            fixed_piece_length INTEGER,
            content_key TEXT,
            content_length INTEGER,
            piece_length INTEGER,
            etag TEXT,
            last_modified TEXT,
            ranges INTEGER,
            sha256 TEXT,
            sha512 TEXT,
            created_at TEXT NOT NULL,
            used_at TEXT NOT NULL,
            UNIQUE (id, restricted),
            CHECK (piece_length IS NULL OR (etag IS NOT NULL AND last_modified IS NOT NULL AND ranges IS NOT NULL))
          ) STRICT
          """,
          """
          CREATE TABLE filtered_query_param (
            task INTEGER NOT NULL REFERENCES task (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (task, position)
          ) STRICT, WITHOUT ROWID
          """,
          """
          CREATE TABLE piece (
            task INTEGER NOT NULL REFERENCES task (key) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            start INTEGER NOT NULL,
            length INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            crc32 TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source IN ('origin', 'parent')),
            lease INTEGER,
            peer TEXT,
            spiffe_id TEXT,
            why TEXT,
            grant_id TEXT,
            verified_against TEXT NOT NULL,
            committed_at TEXT NOT NULL,
            forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
            PRIMARY KEY (task, number),
            CHECK (source = 'origin' OR (peer IS NOT NULL AND spiffe_id IS NOT NULL AND why IS NOT NULL AND grant_id IS NOT NULL))
          ) STRICT, WITHOUT ROWID
          """,
          """
          CREATE TABLE note (
            at INTEGER PRIMARY KEY AUTOINCREMENT,
            task INTEGER NOT NULL REFERENCES task (key) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            UNIQUE (task, name)
          ) STRICT
          """,
          """
          CREATE TABLE label (
            at INTEGER PRIMARY KEY AUTOINCREMENT,
            task INTEGER NOT NULL REFERENCES task (key) ON DELETE CASCADE,
            label TEXT NOT NULL UNIQUE
          ) STRICT
          """,
          "CREATE INDEX label_task ON label (task)");

  private Schema() {}
}
