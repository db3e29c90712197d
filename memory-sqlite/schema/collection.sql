-- The tables of one collection. NAME is replaced by its name, which holds no dot, so no two collections share a table. The name
-- comes last, for SQLite keeps what starts with `sqlite_` for itself, and a collection may be called so.
CREATE TABLE "records.NAME" (
  row        INTEGER PRIMARY KEY,
  -- The namespace's key.
  namespace  TEXT NOT NULL,
  id         TEXT NOT NULL,
  kind       TEXT NOT NULL,
  -- Times are microseconds since 1970 in UTC.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  version    INTEGER NOT NULL,
  -- XXH3 over all other columns but row.
  checksum   INTEGER NOT NULL,
  -- The record's canonical JSON without the embedding.
  record     TEXT NOT NULL,
  -- f32, little endian.
  embedding  BLOB,
  UNIQUE (namespace, id)
) STRICT;

-- Answers which records of a scope are live without reading them.
CREATE INDEX "scope.NAME" ON "records.NAME" (namespace, expires_at);
CREATE INDEX "created.NAME" ON "records.NAME" (created_at, namespace, id);
CREATE INDEX "updated.NAME" ON "records.NAME" (updated_at, namespace, id);
CREATE INDEX "expires.NAME" ON "records.NAME" (expires_at) WHERE expires_at IS NOT NULL;

-- Which records were put or deleted, in order. What is derived from the records and held in memory catches up by it, in every
-- process.
CREATE TABLE "changes.NAME" (
  -- It only grows, for the newest entry is never removed.
  sequence INTEGER PRIMARY KEY,
  row      INTEGER NOT NULL,
  -- Random: two files that went apart, such as a backup that was restored and written to, do not agree on it.
  mark     INTEGER NOT NULL
) STRICT;

CREATE TRIGGER "inserted.NAME" AFTER INSERT ON "records.NAME" BEGIN
  INSERT INTO "changes.NAME" (row, mark) VALUES (new.row, random());
END;

CREATE TRIGGER "replaced.NAME" AFTER UPDATE ON "records.NAME" BEGIN
  INSERT INTO "changes.NAME" (row, mark) VALUES (new.row, random());
END;

CREATE TRIGGER "deleted.NAME" AFTER DELETE ON "records.NAME" BEGIN
  INSERT INTO "changes.NAME" (row, mark) VALUES (old.row, random());
END;

-- Who is further behind than this reads the records instead.
CREATE TRIGGER "trimmed.NAME" AFTER INSERT ON "changes.NAME" WHEN new.sequence % 4096 = 0 BEGIN
  DELETE FROM "changes.NAME" WHERE sequence <= new.sequence - 65536;
END;
