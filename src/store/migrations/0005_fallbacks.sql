-- What one service did in the place of another that should have: a voice, a text. Added up.
CREATE TABLE fallback (
  campaign INTEGER NOT NULL,
  role TEXT NOT NULL,
  service TEXT NOT NULL,
  instead TEXT NOT NULL,
  count INTEGER NOT NULL,
  -- Of the last time: why, and when.
  reason TEXT NOT NULL,
  last_ms REAL NOT NULL,
  PRIMARY KEY (campaign, role, service, instead)
) STRICT, WITHOUT ROWID;
