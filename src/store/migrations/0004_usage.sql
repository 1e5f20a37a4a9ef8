-- What services were paid for, added up: one row per campaign, service, role and length of call.
CREATE TABLE usage (
  campaign INTEGER NOT NULL,
  role TEXT NOT NULL,
  service TEXT NOT NULL,
  -- Of each of these answers, 0 where it was no call: what is billed by the started minute cannot
  -- be told from a sum of seconds.
  seconds INTEGER NOT NULL,
  answers INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  PRIMARY KEY (campaign, role, service, seconds)
) STRICT, WITHOUT ROWID;
