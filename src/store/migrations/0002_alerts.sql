-- Alerts that are open, by their cause: a service's outage is the same for all campaigns.
CREATE TABLE alert (
  key TEXT PRIMARY KEY,
  -- A JSON object: the alert as it was raised, with what has joined it since.
  alert TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a channel has yet to send, in order.
CREATE TABLE owed_alert (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  -- A JSON object.
  alert TEXT NOT NULL,
  owed_ms REAL NOT NULL,
  -- In how many runs the channel refused this very alert.
  refusals INTEGER NOT NULL
) STRICT;
