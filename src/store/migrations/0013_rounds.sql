-- Whether others went through between two rounds is known to the run in which they are: what an
-- earlier run counted says nothing of a service that has served nobody since.
ALTER TABLE contact DROP COLUMN round_mark;
