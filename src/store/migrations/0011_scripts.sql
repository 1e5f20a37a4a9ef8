-- What a campaign's texts are written by: each `script:` section that it was run with, in order;
-- the last one is in force.
CREATE TABLE script (
  campaign INTEGER NOT NULL,
  -- Counted from 1.
  edition INTEGER NOT NULL,
  digest TEXT NOT NULL,
  -- A JSON object: what the keys stand for that it asks for. NULL where it asks for none.
  answers TEXT,
  PRIMARY KEY (campaign, edition)
) STRICT, WITHOUT ROWID;

-- By which of them a text was written. NULL for texts of before, which stand for the first, and for
-- every other step.
ALTER TABLE step ADD COLUMN edition INTEGER;
