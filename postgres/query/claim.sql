-- name: lines_look
-- The heads of the lines of each wanted type, beside whether the incarnation is joined. A line is found by a skip-scan:
-- the first queue behind the last one, by a probe of tasks_ready for each, so many ($7) at most; a row without a task
-- names the queue where the walk stopped. Each type gives as many as may be taken of it, the first of all its lines.
WITH RECURSIVE wanted AS (
  SELECT want, type, behind, most, CASE WHEN suspect THEN least(most, $5::integer) ELSE most END AS room, suspect
  FROM unnest($2::text[], $3::text[], $4::integer[]) WITH ORDINALITY w (type, behind, most, want),
    (VALUES (false), (true)) s (suspect)
), walk AS (
  SELECT want, type, 1 AS n, (
    SELECT t.queue FROM lastcall.tasks t WHERE t.status = 1 AND t.type = w.type AND t.queue > w.behind
    ORDER BY t.queue LIMIT 1) AS queue
  FROM wanted w WHERE most > 0 AND NOT suspect AND cardinality($6::text[]) = 0
  UNION ALL
  SELECT want, type, n + 1, (
    SELECT t.queue FROM lastcall.tasks t WHERE t.status = 1 AND t.type = w.type AND t.queue > w.queue
    ORDER BY t.queue LIMIT 1)
  FROM walk w WHERE queue IS NOT NULL AND n < $7::integer
), lines AS (
  SELECT want, queue FROM walk WHERE queue IS NOT NULL
  UNION ALL
  SELECT DISTINCT want, queue FROM wanted, unnest($6::text[]) queue WHERE most > 0
), heads AS (
  SELECT w.want, h.queue, w.suspect, h.id, h.order_key
  FROM wanted w CROSS JOIN LATERAL (
    SELECT l.queue, t.id, t.order_key
    FROM lines l CROSS JOIN LATERAL (
      SELECT t.id, t.order_key FROM lastcall.tasks t
      WHERE t.status = 1 AND t.type = w.type AND t.queue = l.queue AND t.suspect = w.suspect
        AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
      ORDER BY t.order_key, t.id LIMIT w.room
    ) t
    WHERE l.want = w.want AND l.queue <> ALL (ARRAY(SELECT name FROM lastcall.queues WHERE paused))
    ORDER BY t.order_key, t.id LIMIT w.room
  ) h WHERE w.room > 0
  UNION ALL
  SELECT want, queue, NULL, NULL, NULL FROM walk WHERE n = $7 AND queue IS NOT NULL
)
SELECT EXISTS (SELECT FROM lastcall.nodes WHERE incarnation = $1 AND state = 0), h.*
FROM (VALUES (1)) one LEFT JOIN heads h ON true;

-- name: claim_start
-- Starts runs as Task.Start does: from each line so many, but for those that somebody else has locked. The columns are
-- none for a lease, and those of task_get. What was picked is handed on as an array: the planner takes an array for short,
-- and a LIMIT that it does not know for a tenth of all that waits, for which it would read an index from end to end.
-- Their status is not asked for again: they are locked, and to ask would offer the index of all that waits once more.
-- Whether the queue is paused is: it may have been since the look, and whoever paused it was told so.
WITH node AS MATERIALIZED (
  SELECT FROM lastcall.nodes WHERE incarnation = $1 AND state = 0 FOR KEY SHARE
), picked AS MATERIALIZED (
  SELECT t.id FROM unnest($3::text[], $4::text[], $5::boolean[], $6::integer[]) l (type, queue, suspect, most)
  CROSS JOIN LATERAL (
    SELECT t.id FROM lastcall.tasks t
    WHERE t.status = 1 AND t.type = l.type AND t.queue = l.queue AND t.suspect = l.suspect
      AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
    ORDER BY t.order_key, t.id LIMIT l.most FOR UPDATE SKIP LOCKED
  ) t
  WHERE EXISTS (SELECT FROM node) AND l.queue <> ALL (ARRAY(SELECT name FROM lastcall.queues WHERE paused))
), started AS (
  UPDATE lastcall.tasks t SET status = 2, owner = $1, node = nullif($2::text, ''), run = run + 1, attempt = attempt + 1,
    started_at = (SELECT clock_timestamp()), progress = NULL, last_outcome = NULL
  WHERE t.id = ANY(ARRAY(SELECT id FROM picked))
  RETURNING t.id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at,
    cancel_requested_at, attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner,
    node, retry_of, last_outcome, labels, progress, error, input, output, checkpoint
), dropped AS (
  DELETE FROM lastcall.logs WHERE task = ANY(ARRAY(SELECT id FROM started WHERE run > 1))
), moved AS (
  INSERT INTO lastcall.queue_moves (queue, scheduled, queued, running)
  SELECT queue, 0, -count(*), count(*) FROM started GROUP BY queue
)
SELECT NULL::timestamptz, s.* FROM started s;

-- name: lease_start
-- The same for workers outside: each run has a holder of its own, and a lease that ends with its attempt at the latest.
-- The columns of task_get are behind the end of the lease.
WITH picked AS MATERIALIZED (
  SELECT t.id, l.timeout FROM unnest($1::text[], $2::text[], $3::boolean[], $4::integer[], $5::double precision[])
    l (type, queue, suspect, most, timeout)
  CROSS JOIN LATERAL (
    SELECT t.id FROM lastcall.tasks t
    WHERE t.status = 1 AND t.type = l.type AND t.queue = l.queue AND t.suspect = l.suspect
      AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
    ORDER BY t.order_key, t.id LIMIT l.most FOR UPDATE SKIP LOCKED
  ) t
  WHERE l.queue <> ALL (ARRAY(SELECT name FROM lastcall.queues WHERE paused))
), held AS MATERIALIZED (
  SELECT array_agg(id) AS ids, array_agg(timeout) AS timeouts FROM picked
), started AS (
  UPDATE lastcall.tasks t SET status = 2, owner = ($6::text[])[array_position((SELECT ids FROM held), t.id)], node = nullif($7::text, ''), run = run + 1,
    attempt = attempt + 1, started_at = (SELECT clock_timestamp()), progress = NULL, last_outcome = NULL
  WHERE t.id = ANY((SELECT ids FROM held)::uuid[])
  RETURNING t.id, created_at, run_at, run, t.timeout, last_event, started_at, finished_at, expires_at,
    cancel_requested_at, attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner,
    node, retry_of, last_outcome, labels, progress, error, input, output, checkpoint
), leased AS (
  INSERT INTO lastcall.leases (holder, task, expires_at, ends_at, length)
  SELECT holder, id, least(started_at + make_interval(secs => $8::double precision), ends), ends, $9::bigint FROM (
    SELECT s.owner AS holder, s.id, s.started_at, s.started_at + make_interval(secs => CASE WHEN s.timeout > 0
      THEN s.timeout / 1e9::double precision ELSE h.timeouts[array_position(h.ids, s.id)] END) AS ends
    FROM started s, held h
  ) e RETURNING holder, expires_at
), dropped AS (
  DELETE FROM lastcall.logs WHERE task = ANY(ARRAY(SELECT id FROM started WHERE run > 1))
), moved AS (
  INSERT INTO lastcall.queue_moves (queue, scheduled, queued, running)
  SELECT queue, 0, -count(*), count(*) FROM started GROUP BY queue
)
SELECT l.expires_at, s.* FROM started s JOIN leased l ON l.holder = s.owner;
