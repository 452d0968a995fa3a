-- name: begin
BEGIN;

-- name: begin_immediate
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: vacuum_into
VACUUM INTO ?;

-- name: data_version
-- Changes when another connection has committed.
PRAGMA data_version;
