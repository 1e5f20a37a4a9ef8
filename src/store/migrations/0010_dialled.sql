-- The number that a dial attempt rang, or may have rung: the list may give its contact another one
-- since. NULL for attempts of before: those go by the number that the contact has.
ALTER TABLE attempt ADD COLUMN phone TEXT;
