-- name: round_take
-- The state of a job that goes around in portions, if no other node is at it. Times that are not there yet are NULL.
SELECT CASE WHEN isfinite(began) THEN began END, CASE WHEN isfinite(until) THEN until END, place, id
FROM lastcall.rounds WHERE job = $1 FOR UPDATE SKIP LOCKED;

-- name: round_put
UPDATE lastcall.rounds SET began = $2, until = $3, place = $4, id = $5, done = CASE WHEN $6 THEN $3 ELSE done END
WHERE job = $1;

-- name: round_done
SELECT CASE WHEN isfinite(done) THEN done END FROM lastcall.rounds WHERE job = $1;

-- name: tasks_walk
-- Tasks behind a given one and before another, oldest first, and whether they ended before a time.
SELECT id, coalesce(finished_at < $3, false) FROM lastcall.tasks WHERE id > $1 AND id < $2 ORDER BY id LIMIT $4;

-- name: tasks_forget
-- By keys and never by a condition alone. What somebody has locked is left for the next round.
WITH gone AS (
  DELETE FROM lastcall.tasks WHERE id = ANY(ARRAY(
    SELECT id FROM lastcall.tasks WHERE id = ANY($1::uuid[]) AND status > 2 ORDER BY id FOR UPDATE SKIP LOCKED))
  RETURNING id
), logs AS (
  DELETE FROM lastcall.logs WHERE task = ANY(ARRAY(SELECT id FROM gone))
)
SELECT count(*) FROM gone;

-- name: task_status_lock
SELECT status FROM lastcall.tasks WHERE id = $1 FOR UPDATE;

-- name: mailboxes_walk
-- Mailboxes behind a given one: whether their oldest event is older than a time, and whether they hold none and have not
-- been used since another.
SELECT m.id,
  m.oldest <= m.head AND coalesce((SELECT e.at < $2 FROM lastcall.events e WHERE e.mailbox = m.id AND e.seq = m.oldest), true),
  m.oldest > m.head AND m.used_at < $3
FROM lastcall.mailboxes m WHERE m.id > $1 ORDER BY m.id LIMIT $4;

-- name: mailboxes_lock_ids
SELECT id FROM lastcall.mailboxes WHERE id = ANY($1::bigint[]) ORDER BY client FOR UPDATE;

-- name: mailboxes_thin_out
-- Moves oldest to the first event that is not older than a time, behind the head if there is none. The events go with
-- their day.
WITH was AS (
  SELECT id, oldest FROM lastcall.mailboxes WHERE id = ANY($1::bigint[])
), moved AS (
  UPDATE lastcall.mailboxes m SET oldest = coalesce((
    SELECT e.seq FROM lastcall.events e WHERE e.mailbox = m.id AND e.seq >= m.oldest AND e.at >= $2 ORDER BY e.seq LIMIT 1
  ), m.head + 1)
  WHERE m.id = ANY($1::bigint[])
  RETURNING m.id, m.oldest
)
SELECT coalesce(sum(moved.oldest - was.oldest), 0)::bigint FROM moved JOIN was USING (id);

-- name: mailboxes_forget
DELETE FROM lastcall.mailboxes WHERE id = ANY($1::bigint[]) AND oldest > head AND used_at < $2;

-- name: keys_forget
DELETE FROM lastcall.idempotency WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM lastcall.idempotency WHERE at <= $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED));

-- name: partitions
-- The days that events have tables for.
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'lastcall.events'::regclass ORDER BY c.relname;

-- name: partitions_lock
SELECT pg_try_advisory_xact_lock($1), set_config('lock_timeout', '100ms', true);

-- name: other_holds
SELECT EXISTS (SELECT FROM lastcall.events_other WHERE at >= $1 AND at < $2);

-- name: other_forget
-- Events that fell into no day, in portions, some microseconds after no mailbox has had them any more ($2).
DELETE FROM lastcall.events_other WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM lastcall.events_other
  WHERE at < (SELECT done - $2 * interval '1 microsecond' FROM lastcall.rounds WHERE job = $1)
  ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED));
