-- Who asked not to be called again, on the telephone or otherwise: no campaign rings that number.
-- Written in a commit of its own before the outcome of the call in which they asked.
CREATE TABLE opt_out (
  number TEXT PRIMARY KEY,
  at_ms REAL NOT NULL,
  -- In which campaign they asked; NULL where the operator has it from elsewhere.
  campaign TEXT,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the callee chose by a key, in the operator's word.
ALTER TABLE call ADD COLUMN answer TEXT;
-- What a call ended of without any phone ringing: opted_out. NULL for every other end.
ALTER TABLE call ADD COLUMN code TEXT;

-- Few calls have either: a report on a long list reads those alone.
CREATE INDEX call_answered ON call (answer) WHERE answer IS NOT NULL;
CREATE INDEX call_refused ON call (code) WHERE code IS NOT NULL;
