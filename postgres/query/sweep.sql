-- name: due
-- What was scheduled and is due goes to the line, where the key that it has already gives it its place.
WITH found AS MATERIALIZED (
  SELECT id FROM lastcall.tasks WHERE status = 0 AND run_at <= clock_timestamp()
  ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED
), moved AS (
  UPDATE lastcall.tasks t SET status = 1 WHERE t.id = ANY(ARRAY(SELECT id FROM found)) AND t.status = 0
  RETURNING t.id, t.type, t.queue, t.client, t.run
), counted AS (
  INSERT INTO lastcall.queue_moves (queue, scheduled, queued, running)
  SELECT queue, -count(*), count(*), 0 FROM moved GROUP BY queue
)
SELECT id, type, client, run FROM moved;

-- name: due_next
-- The time, and when the next scheduled task is due.
SELECT clock_timestamp(), (SELECT run_at FROM lastcall.tasks WHERE status = 0 ORDER BY run_at LIMIT 1);

-- name: expiring
-- The columns of task_get, without what is long.
SELECT id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, NULL::bytea, NULL::bytea, NULL::bytea
FROM lastcall.tasks WHERE status < 2 AND expires_at IS NOT NULL AND expires_at <= clock_timestamp()
ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED;

-- name: node_dead
-- One that is dead before a sweeper who has been there for so long, for whoever gets it. Nobody can begin a run for it any
-- more, as that would lock its row too. Those behind a given one ($3), so that one of whose runs somebody holds some keeps
-- nobody from the others.
SELECT incarnation FROM lastcall.nodes
WHERE state = 0 AND lease_until < clock_timestamp() AND incarnation <> $1 AND length <= $2 AND incarnation > $3
ORDER BY incarnation LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: node_leave
-- The same for one that goes by itself.
SELECT incarnation FROM lastcall.nodes WHERE incarnation = $1 AND state = 0 FOR UPDATE;

-- name: runs_lock
-- All that an incarnation runs: the columns of task_get, without what is long.
SELECT id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, NULL::bytea, NULL::bytea, NULL::bytea
FROM lastcall.tasks WHERE status = 2 AND owner = $1 ORDER BY id FOR UPDATE;

-- name: runs_look
-- The same without a lock: how often each has crashed is all that counts for the others.
SELECT id, crashes FROM lastcall.tasks WHERE status = 2 AND owner = $1;

-- name: runs_lock_free
-- Those that nobody holds.
SELECT id, crashes FROM lastcall.tasks WHERE status = 2 AND owner = $1 ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: leases_get
SELECT holder, task, expires_at, ends_at FROM lastcall.leases WHERE holder = ANY($1::text[]);

-- name: leases_made
SELECT holder FROM lastcall.leases WHERE holder = ANY($1::text[]);

-- name: leases_renew
UPDATE lastcall.leases l SET expires_at = u.expires_at, length = u.length
FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) u (holder, expires_at, length) WHERE l.holder = u.holder;

-- name: leases_drop
DELETE FROM lastcall.leases WHERE holder = ANY($1::text[]);

-- name: leases_over
-- Tasks whose leases have run out before a sweeper who has been there for so long: the end of the attempt, and the
-- columns of task_get without what is long.
SELECT l.ends_at, t.id, created_at, run_at, run, timeout, last_event, started_at, finished_at, t.expires_at,
  cancel_requested_at, attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner,
  node, retry_of, last_outcome, labels, progress, error, NULL::bytea, NULL::bytea, NULL::bytea
FROM lastcall.leases l JOIN lastcall.tasks t ON t.id = l.task AND t.status = 2 AND t.owner = l.holder
WHERE l.expires_at <= clock_timestamp() AND l.length <= $1
ORDER BY l.expires_at LIMIT $2 FOR UPDATE OF t, l SKIP LOCKED;

-- name: leases_stale
-- Leases that have stayed behind when their run ended.
DELETE FROM lastcall.leases WHERE holder = ANY(ARRAY(
  SELECT l.holder FROM lastcall.leases l
  WHERE l.expires_at <= clock_timestamp()
    AND NOT EXISTS (SELECT FROM lastcall.tasks t WHERE t.id = l.task AND t.status = 2 AND t.owner = l.holder)
  ORDER BY l.expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
));
