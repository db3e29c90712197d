-- One collection. VECTOR is the type of its embeddings.
CREATE TABLE SCHEMA.TABLE (
  -- The namespace's key. All text compares bytewise.
  namespace  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  kind       text COLLATE "C" NOT NULL,
  -- Times are microseconds since 1970 in UTC.
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL,
  expires_at int8,
  -- How many words the content has.
  length     int8 NOT NULL,
  version    int8 NOT NULL,
  -- The record's canonical JSON without the embedding: what readers get. What follows is derived from it, for searching.
  record     text COLLATE "C" NOT NULL,
  metadata   jsonb NOT NULL,
  tags       text[] COLLATE "C" NOT NULL,
  -- The different words of the content, each with how often it occurs.
  words      jsonb NOT NULL,
  embedding  VECTOR,
  PRIMARY KEY (namespace, id)
);

CREATE INDEX ON SCHEMA.TABLE (created_at, namespace, id);
CREATE INDEX ON SCHEMA.TABLE (updated_at, namespace, id);
CREATE INDEX ON SCHEMA.TABLE (expires_at) WHERE expires_at IS NOT NULL;
-- Answers how many live records a scope has, and how long they are, without reading them.
CREATE INDEX ON SCHEMA.TABLE (namespace, expires_at) INCLUDE (length);
CREATE INDEX ON SCHEMA.TABLE USING gin (words);
