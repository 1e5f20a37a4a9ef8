-- With which account of its vendor a dial attempt was made: another account under the same name
-- cannot tell what became of it. NULL where the dialer has none.
ALTER TABLE attempt ADD COLUMN account TEXT;
