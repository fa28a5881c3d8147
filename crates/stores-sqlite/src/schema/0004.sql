-- One index says how many exports of an owner run and which waits longest, and counts by state.
DROP INDEX exports_unsettled;
DROP INDEX exports_by_state;
CREATE INDEX exports_by_state ON exports (state, owner, id);
