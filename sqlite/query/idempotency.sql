-- name: key_get
-- A task that is forgotten takes its key with it.
SELECT i.digest, i.task FROM idempotency i JOIN tasks t ON t.id = i.task WHERE i.scope = ? AND i.key = ? AND i.at > ?;

-- name: key_put
INSERT INTO idempotency (scope, key, digest, task, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, task = excluded.task, at = excluded.at;

-- name: keys_forget
DELETE FROM idempotency WHERE (scope, key) IN (
  SELECT scope, key FROM idempotency INDEXED BY idempotency_at WHERE at <= ? ORDER BY at LIMIT ?);
