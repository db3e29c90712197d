-- Row-level security of one table, for its owner too: a transaction sees what it has named, and without a name nothing. The bounds
-- alone serve a scope of one part; the parts of another are in a JSON array of pairs.
ALTER TABLE SCHEMA.TABLE ENABLE ROW LEVEL SECURITY;
ALTER TABLE SCHEMA.TABLE FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS memory_scope ON SCHEMA.TABLE;
CREATE POLICY memory_scope ON SCHEMA.TABLE USING (
  namespace >= (SELECT current_setting('memory.first', TRUE)) COLLATE "C"
  AND namespace <= (SELECT current_setting('memory.last', TRUE)) COLLATE "C"
  AND CASE WHEN (SELECT current_setting('memory.parts', TRUE)) = '' THEN TRUE ELSE EXISTS (
    SELECT 1 FROM jsonb_array_elements((SELECT current_setting('memory.parts', TRUE))::jsonb) AS p(part)
    WHERE namespace >= (part ->> 0) COLLATE "C" AND namespace <= (part ->> 1) COLLATE "C"
  ) END
);
