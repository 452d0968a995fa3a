-- name: keys_find
-- What keys were first used for, as it stands now. The columns behind the first three are those of task_get.
SELECT i.scope, i.key, i.digest,
  t.id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, input, output, checkpoint
FROM (SELECT DISTINCT scope, key FROM unnest($1::text[], $2::text[]) k (scope, key)) k
  JOIN lastcall.idempotency i ON i.scope = k.scope AND i.key = k.key
  JOIN lastcall.tasks t ON t.id = i.task
WHERE i.at > clock_timestamp() - make_interval(secs => $3);

-- name: keys_clear
DELETE FROM lastcall.idempotency WHERE (scope, key) IN (
  SELECT i.scope, i.key FROM unnest($1::text[], $2::text[]) k (scope, key)
    JOIN lastcall.idempotency i ON i.scope = k.scope AND i.key = k.key
  WHERE i.at <= clock_timestamp() - make_interval(secs => $3)
    OR NOT EXISTS (SELECT FROM lastcall.tasks t WHERE t.id = i.task)
  ORDER BY i.scope, i.key FOR UPDATE OF i
);

-- name: keys_put
INSERT INTO lastcall.idempotency (scope, key, digest, task, at)
SELECT k.scope, k.key, k.digest, k.task, $5::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY k (scope, key, digest, task, n) ORDER BY n;
