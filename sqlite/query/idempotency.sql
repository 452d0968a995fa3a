-- name: key_get
SELECT digest, task FROM idempotency WHERE scope = ? AND key = ? AND at > ?;

-- name: key_put
INSERT INTO idempotency (scope, key, digest, task, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, task = excluded.task, at = excluded.at;

-- name: keys_forget
DELETE FROM idempotency WHERE (scope, key) IN (
  SELECT scope, key FROM idempotency INDEXED BY idempotency_at WHERE at <= ? ORDER BY at LIMIT ?);
