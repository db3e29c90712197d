-- What layout 2 adds to a collection: which records were put or deleted, in order. What is derived from the records and kept
-- outside their transactions catches up by it, in every process.
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

-- All columns but length, version and checksum: those change alone when the text index is rebuilt.
CREATE TRIGGER "replaced.NAME"
AFTER UPDATE OF row, namespace, id, kind, created_at, updated_at, expires_at, record, embedding ON "records.NAME" BEGIN
  INSERT INTO "changes.NAME" (row, mark) VALUES (new.row, random());
END;

CREATE TRIGGER "deleted.NAME" AFTER DELETE ON "records.NAME" BEGIN
  INSERT INTO "changes.NAME" (row, mark) VALUES (old.row, random());
END;

-- Who is further behind than this reads the records instead.
CREATE TRIGGER "trimmed.NAME" AFTER INSERT ON "changes.NAME" WHEN new.sequence % 4096 = 0 BEGIN
  DELETE FROM "changes.NAME" WHERE sequence <= new.sequence - 65536;
END;
