-- The last word of the list about a contact that was called: who is rung again after all is rung
-- by it, and no other contact gets its number meanwhile.

-- Which reading came to its end last; a contact with a smaller `seen` is not on the list any more.
ALTER TABLE campaign ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;

-- The number of a row that is kept until it counts. Derived, so that the two cannot differ.
ALTER TABLE contact ADD COLUMN pending_phone TEXT
  GENERATED ALWAYS AS (json_extract(pending, '$.phone')) VIRTUAL;
CREATE INDEX contact_by_pending ON contact (campaign, pending_phone) WHERE pending IS NOT NULL;
