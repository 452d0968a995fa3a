-- name: lease_put
INSERT INTO leases (holder, task, expires_at, ends_at, length) VALUES (?, ?, ?, ?, ?);

-- name: lease_get
SELECT expires_at, ends_at FROM leases WHERE holder = ?;

-- name: lease_extend
UPDATE leases SET expires_at = ?, length = ? WHERE holder = ?;

-- name: lease_delete
DELETE FROM leases WHERE holder = ?;

-- name: leases_over
-- Those that a sweeper who has been there for so long may end.
SELECT holder, task, ends_at FROM leases INDEXED BY leases_expiring WHERE expires_at <= ? AND length <= ?
ORDER BY expires_at LIMIT ?;
