-- When the channel refused the alert, or us, in a way that does not pass by itself, the last time:
-- the run that was on then does not offer it again. NULL where it never did.
ALTER TABLE owed_alert ADD COLUMN refused_ms REAL;
