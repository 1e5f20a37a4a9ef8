-- What the campaign's sheet has yet to take, in order: a row per finished or failed call.
CREATE TABLE owed_row (
  row INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- A JSON list of texts and numbers.
  cells TEXT NOT NULL,
  -- An attempt to write it began, and until then it may still arrive; null: it is not written.
  doubt_ms REAL,
  UNIQUE (campaign, id)
) STRICT;

-- In order: without it, the first thousand of a million would be found by sorting all of them.
CREATE INDEX owed_row_in_order ON owed_row (campaign);
