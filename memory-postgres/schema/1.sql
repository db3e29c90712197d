-- Layout 1: the catalogue of a database. SCHEMA holds all tables of this project. A
-- collection's table ends in `_` and a number, so none can take these names.
CREATE TABLE SCHEMA.memory_layout (version int4 NOT NULL PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
INSERT INTO SCHEMA.memory_layout (version) VALUES (1);

CREATE TABLE SCHEMA.memory_collections (
  -- Never given twice, so that a handle of a dropped collection finds no table, whatever took its name since.
  number      int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Random, so that no collection of another database has it: cursors are bound to it.
  incarnation uuid NOT NULL DEFAULT gen_random_uuid(),
  name        text COLLATE "C" NOT NULL UNIQUE,
  -- Both NULL for a text-only collection.
  dimension   int4,
  metric      text,
  language    text NOT NULL,
  analyser    int4 NOT NULL,
  embedder    text,
  -- A JSON array of metadata paths, each an array of keys.
  index_paths text NOT NULL
);

-- The versions of records: a number is given out once, and not again after a crash either.
CREATE SEQUENCE SCHEMA.memory_versions;
