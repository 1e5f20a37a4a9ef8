-- The first schema. Times are wall clock milliseconds. Text ids are those of the outside world;
-- the integers named `row` are surrogates that never leave the store.

-- One list worked under one name. The five counts are kept with every change of a contact, in the
-- same transaction, so that a look at them costs one row however long the list is.
CREATE TABLE campaign (
  row INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- How often its list was read; `contact.seen` says which reading saw a contact last.
  reading INTEGER NOT NULL DEFAULT 0,
  -- The last place given away in the queue.
  position_last INTEGER NOT NULL DEFAULT 0,
  -- Length of results.csv that the journal vouches for.
  results_bytes INTEGER NOT NULL DEFAULT 0,
  queued INTEGER NOT NULL DEFAULT 0,
  put_off INTEGER NOT NULL DEFAULT 0,
  calling INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  uncertain INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE contact (
  row INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  -- 0 not in the queue, 1 ready, 2 waiting until due_ms, 3 claimed, 4 taken out (not on the list)
  queue INTEGER NOT NULL,
  -- 0 fresh, 1 scripted, 2 spoken, 3 dialling, 4 owed; right whenever the contact is not claimed
  -- (what a claimed one has reached stands in call, step and attempt)
  stage INTEGER NOT NULL,
  position INTEGER NOT NULL,
  fence INTEGER NOT NULL DEFAULT 0,
  -- Number of its last call.
  calls INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  due_ms REAL,
  reason TEXT,
  -- 1: waits for a service, and is due before due_ms if that can be asked again.
  recall INTEGER NOT NULL DEFAULT 0,
  rounds INTEGER NOT NULL DEFAULT 0,
  round_mark INTEGER NOT NULL DEFAULT 0,
  seen INTEGER NOT NULL,
  line INTEGER NOT NULL,
  id TEXT NOT NULL,
  phone TEXT NOT NULL,
  name TEXT,
  language TEXT,
  timezone TEXT,
  email TEXT,
  -- A JSON object: every other column by its header.
  variables TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX contact_by_id ON contact (campaign, id);
-- Where the list has no ids, the number is the id, and the index above finds it. Both indexes get
-- their entries at random places, which is what taking in a long list costs: one less halves it.
CREATE INDEX contact_by_phone ON contact (campaign, phone) WHERE phone <> id;
-- A claim reads the first entry of a stage; a million contacts that are done cost it nothing.
CREATE INDEX contact_ready ON contact (campaign, stage, position) WHERE queue = 1;
CREATE INDEX contact_waiting ON contact (campaign, due_ms) WHERE queue = 2;
CREATE INDEX contact_claimed ON contact (campaign) WHERE queue = 3;
CREATE INDEX contact_uncertain ON contact (campaign, position) WHERE outcome = 'uncertain';

-- Call `number` of a contact. The key is what keeps one attempt from ringing twice.
CREATE TABLE call (
  contact INTEGER NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  started_ms REAL NOT NULL,
  ended_ms REAL,
  outcome TEXT,
  detail TEXT,
  PRIMARY KEY (contact, number)
) STRICT, WITHOUT ROWID;

-- One step of a call: 0 lookup, 1 script, 2 speech, 3 dial, 4 record. A step without begun_ms was
-- carried over from the call before.
CREATE TABLE step (
  contact INTEGER NOT NULL,
  number INTEGER NOT NULL,
  step INTEGER NOT NULL,
  begun_ms REAL,
  ended_ms REAL,
  service TEXT,
  -- lookup: a JSON object; script: the text; speech: the hash of the audio
  result TEXT,
  PRIMARY KEY (contact, number, step)
) STRICT, WITHOUT ROWID;

-- One dial attempt of a call.
CREATE TABLE attempt (
  contact INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  service TEXT NOT NULL,
  begun_ms REAL NOT NULL,
  ended_ms REAL,
  -- placed, not_placed, unknown; null: it began and nothing is known of its end
  result TEXT,
  -- placed: the vendor's id of the call; otherwise the code of the failure
  detail TEXT,
  PRIMARY KEY (contact, number, attempt)
) STRICT, WITHOUT ROWID;

-- A failed attempt of any request, for the report.
CREATE TABLE failure (
  row INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  contact TEXT,
  call TEXT,
  step TEXT,
  service TEXT NOT NULL,
  role TEXT NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  status INTEGER,
  message TEXT NOT NULL,
  at_ms REAL NOT NULL
) STRICT;

CREATE INDEX failure_by_cause ON failure (campaign, service, code);

-- What the breakers know, for the next process to go on with. A service is the same for all.
CREATE TABLE breaker (
  service TEXT PRIMARY KEY,
  snapshot TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who works or worked a campaign. Whether the last one still does, the lock tells.
CREATE TABLE run (
  row INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  started_ms REAL NOT NULL,
  ended_ms REAL,
  end TEXT
) STRICT;

CREATE INDEX run_by_campaign ON run (campaign);

-- Lists that were read to their end.
CREATE TABLE list (
  row INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL,
  path TEXT NOT NULL,
  at_ms REAL NOT NULL,
  rows INTEGER NOT NULL,
  rejected INTEGER NOT NULL
) STRICT;

CREATE INDEX list_by_campaign ON list (campaign);
