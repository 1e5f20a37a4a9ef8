-- The number as the list has it, where that is another spelling: a CRM may know it by that alone.
ALTER TABLE contact ADD COLUMN phone_written TEXT;
