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

-- name: leases_forward
-- The clock was set forward by ?2: those that would be over by that alone are whole again, and not those that had come to
-- their end before.
UPDATE leases SET expires_at = min(?1 + length / 1000, ends_at + ?2), ends_at = ends_at + ?2
WHERE expires_at <= ?1 AND ends_at + ?2 > ?1;

-- name: leases_back
-- It was set back: no lease is longer than it was asked for.
UPDATE leases SET expires_at = ?1 + length / 1000 WHERE expires_at > ?1 + length / 1000;
