-- When we ended the call while it was on, because the run was stopped: what the dialer tells of its
-- end is not the callee's doing. NULL for every other call.
ALTER TABLE call ADD COLUMN hung_up_ms REAL;
