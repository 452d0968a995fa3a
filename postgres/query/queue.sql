-- name: queues
-- All queues, or the one that is named. What is counted and what has moved since come from one snapshot.
SELECT coalesce(q.name, m.queue), coalesce(q.paused, false),
  coalesce(q.scheduled, 0) + coalesce(m.scheduled, 0), coalesce(q.queued, 0) + coalesce(m.queued, 0),
  coalesce(q.running, 0) + coalesce(m.running, 0)
FROM (SELECT * FROM lastcall.queues WHERE $1 = '' OR name = $1) q
FULL JOIN (
  SELECT queue, sum(scheduled)::bigint AS scheduled, sum(queued)::bigint AS queued, sum(running)::bigint AS running
  FROM lastcall.queue_moves WHERE $1 = '' OR queue = $1 GROUP BY queue
) m ON m.queue = q.name
ORDER BY coalesce(q.name, m.queue) COLLATE "C";

-- name: queues_oldest
-- For how many microseconds the longest waiting task of each queue has been due, found at the heads of the lines, $1 rows
-- of them in all: there is no index by that time, which every submit would have to pay for.
WITH RECURSIVE line AS (
  (SELECT type, queue, 1 AS n FROM lastcall.tasks WHERE status = 1 ORDER BY type, queue LIMIT 1)
  UNION ALL
  SELECT next.type, next.queue, line.n + 1 FROM line CROSS JOIN LATERAL (
    SELECT t.type, t.queue FROM lastcall.tasks t WHERE t.status = 1 AND (t.type, t.queue) > (line.type, line.queue)
    ORDER BY t.type, t.queue LIMIT 1
  ) next WHERE line.n < $1
), share AS (
  SELECT greatest($1 / (2 * greatest(count(*), 1)), 1) AS rows FROM line
)
SELECT line.queue, max(extract(epoch FROM clock_timestamp() - head.run_at) * 1000000)::bigint
FROM share, line, (VALUES (false), (true)) kind (suspect) CROSS JOIN LATERAL (
  SELECT t.run_at FROM lastcall.tasks t
  WHERE t.status = 1 AND t.type = line.type AND t.queue = line.queue AND t.suspect = kind.suspect
  ORDER BY t.order_key, t.id LIMIT share.rows
) head
GROUP BY line.queue;

-- name: queue_pause
INSERT INTO lastcall.queues (name, paused, used_at) VALUES ($1, true, $2)
ON CONFLICT (name) DO UPDATE SET paused = true, used_at = excluded.used_at;

-- name: queue_resume
UPDATE lastcall.queues SET paused = false, used_at = $2 WHERE name = $1;

-- name: queues_fold
-- Adds up moves and takes them away. What another sweep is adding up is left to it; queues are locked in order.
WITH gone AS (
  DELETE FROM lastcall.queue_moves WHERE id = ANY(ARRAY(
    SELECT id FROM lastcall.queue_moves ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING queue, scheduled, queued, running
), sums AS (
  SELECT queue, sum(scheduled) AS scheduled, sum(queued) AS queued, sum(running) AS running, count(*) AS n
  FROM gone GROUP BY queue
), folded AS (
  INSERT INTO lastcall.queues AS q (name, scheduled, queued, running, used_at)
  SELECT queue, scheduled, queued, running, $2 FROM sums ORDER BY queue COLLATE "C"
  ON CONFLICT (name) DO UPDATE SET scheduled = q.scheduled + excluded.scheduled, queued = q.queued + excluded.queued,
    running = q.running + excluded.running, used_at = excluded.used_at
)
SELECT coalesce(sum(n), 0)::bigint FROM sums;

-- name: queues_forget
-- Of one that somebody is using at this moment there are moves, which make it anew when they are added up.
DELETE FROM lastcall.queues WHERE name = ANY(ARRAY(
  SELECT name FROM lastcall.queues WHERE used_at < $1 AND NOT paused AND scheduled = 0 AND queued = 0 AND running = 0
  ORDER BY name COLLATE "C" LIMIT $2 FOR UPDATE SKIP LOCKED));
