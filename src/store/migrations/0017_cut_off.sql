-- Connections that a campaign's run keeps and that are away at the moment, for whoever looks while
-- it is on. What a run that was killed has left is taken out as the next one begins.
CREATE TABLE cut_off (
  campaign INTEGER NOT NULL,
  service TEXT NOT NULL,
  address TEXT NOT NULL,
  -- Since when; each try that fails says why, and when the next one is.
  since_ms REAL NOT NULL,
  reason TEXT NOT NULL,
  retry_ms REAL NOT NULL,
  PRIMARY KEY (campaign, service)
) STRICT;
