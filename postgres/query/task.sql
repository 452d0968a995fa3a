-- name: task_get
-- The columns are in the order of scanTask.
SELECT id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, input, output, checkpoint
FROM lastcall.tasks WHERE id = $1;

-- name: tasks_lock
-- The same columns, of the tasks that are about to change. What is long is read only if somebody wants it ($2).
SELECT id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, CASE WHEN $2::boolean THEN input END, CASE WHEN $2 THEN output END,
  CASE WHEN $2 THEN checkpoint END
FROM lastcall.tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: tasks_insert
INSERT INTO lastcall.tasks (id, created_at, run_at, order_key, timeout, expires_at, max_attempts, status, priority,
  type, queue, client, retry_of, labels, input)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::timestamptz[],
  $7::integer[], $8::smallint[], $9::smallint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::jsonb[],
  $15::bytea[]);

-- name: tasks_update
-- The columns that can change. A long one is written only if its bit says so.
UPDATE lastcall.tasks t SET run_at = u.run_at, order_key = u.order_key, run = u.run, last_event = u.last_event,
  started_at = u.started_at, finished_at = u.finished_at, cancel_requested_at = u.cancel_requested_at,
  attempt = u.attempt, crashes = u.crashes, interruptions = u.interruptions, status = u.status, suspect = u.crashes > 0,
  owner = u.owner, node = u.node, last_outcome = u.last_outcome, progress = u.progress,
  output = CASE WHEN u.parts & 1 <> 0 THEN u.output ELSE t.output END,
  error = CASE WHEN u.parts & 2 <> 0 THEN u.error ELSE t.error END,
  checkpoint = CASE WHEN u.parts & 4 <> 0 THEN u.checkpoint ELSE t.checkpoint END
FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
  $7::timestamptz[], $8::timestamptz[], $9::integer[], $10::integer[], $11::integer[], $12::smallint[], $13::text[],
  $14::text[], $15::text[], $16::text[], $17::smallint[], $18::bytea[], $19::bytea[], $20::bytea[])
  u (id, run_at, order_key, run, last_event, started_at, finished_at, cancel_requested_at, attempt, crashes,
  interruptions, status, owner, node, last_outcome, progress, parts, output, error, checkpoint)
WHERE t.id = u.id;

-- name: logs_put
INSERT INTO lastcall.logs (task, data) SELECT * FROM unnest($1::uuid[], $2::bytea[])
ON CONFLICT (task) DO UPDATE SET data = excluded.data;

-- name: logs_drop
DELETE FROM lastcall.logs WHERE task = ANY($1::uuid[]);

-- name: moves_insert
INSERT INTO lastcall.queue_moves (queue, scheduled, queued, running)
SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[]);

-- name: clock
SELECT clock_timestamp();
