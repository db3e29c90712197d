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
  -- How many words the content has.
  length     INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  -- XXH3 over all other columns but row.
  checksum   INTEGER NOT NULL,
  -- The record's canonical JSON without the embedding.
  record     TEXT NOT NULL,
  -- f32, little endian.
  embedding  BLOB,
  UNIQUE (namespace, id)
) STRICT;

-- Answers which records of a scope are live, and how long they are, without reading them.
CREATE INDEX "scope.NAME" ON "records.NAME" (namespace, expires_at, length);
CREATE INDEX "created.NAME" ON "records.NAME" (created_at, namespace, id);
CREATE INDEX "updated.NAME" ON "records.NAME" (updated_at, namespace, id);
CREATE INDEX "expires.NAME" ON "records.NAME" (expires_at) WHERE expires_at IS NOT NULL;

-- The text index: how often a record holds a word. Derived from the records.
CREATE TABLE "postings.NAME" (
  word  TEXT NOT NULL,
  row   INTEGER NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (word, row)
) STRICT, WITHOUT ROWID;
