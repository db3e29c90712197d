-- The tables of the database as a whole. A collection's name starts with a letter, so none can take these names.
CREATE TABLE _memory_collections (
  -- Random, so that neither a later collection of this name nor one in another file has it: cursors are bound to it.
  incarnation TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL PRIMARY KEY,
  -- Both NULL for a text-only collection.
  dimension   INTEGER,
  metric      TEXT,
  language    TEXT NOT NULL,
  analyser    INTEGER NOT NULL,
  embedder    TEXT,
  -- A JSON array of metadata paths, each an array of keys.
  index_paths TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the last version that was given to a record. It only grows, so no version is ever used twice.
CREATE TABLE _memory_versions (last INTEGER NOT NULL) STRICT;
INSERT INTO _memory_versions VALUES (0);
