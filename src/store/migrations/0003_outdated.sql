-- What a list said of a contact whose call may have been on its way when it was read: that call is
-- settled first, with the number it was begun with, and only then the list is followed.
-- 1: the row is gone.
ALTER TABLE contact ADD COLUMN unlisted INTEGER NOT NULL DEFAULT 0;
-- A JSON object: the row's details, where they are other ones now.
ALTER TABLE contact ADD COLUMN pending TEXT;
