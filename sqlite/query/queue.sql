-- name: queue_count
INSERT INTO queues (name, scheduled, queued, running, used_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET scheduled = scheduled + excluded.scheduled, queued = queued + excluded.queued,
  running = running + excluded.running, used_at = excluded.used_at;

-- name: queues_unused
SELECT name FROM queues WHERE used_at < ? AND paused = 0 AND scheduled = 0 AND queued = 0 AND running = 0 LIMIT ?;

-- name: queue_delete
DELETE FROM queues WHERE name = ? AND paused = 0 AND scheduled = 0 AND queued = 0 AND running = 0;

-- name: queue_pause
INSERT INTO queues (name, paused, used_at) VALUES (?, 1, ?)
ON CONFLICT (name) DO UPDATE SET paused = 1, used_at = excluded.used_at;

-- name: queue_resume
UPDATE queues SET paused = 0, used_at = ?2 WHERE name = ?1;

-- name: queue_get
SELECT name, paused, scheduled, queued, running FROM queues WHERE name = ?;

-- name: queues
SELECT name, paused, scheduled, queued, running FROM queues ORDER BY name;

-- name: ready_line
-- The first line (type and queue) behind a given one.
SELECT type, queue FROM tasks INDEXED BY tasks_ready WHERE status = 1 AND (type, queue) > (?, ?)
ORDER BY type, queue LIMIT 1;

-- name: ready_oldest
-- When the longest due of a line's first tasks became due. The line is in the order of service, in which a priority may
-- have put a younger task first.
SELECT min(run_at) FROM (
  SELECT run_at FROM tasks INDEXED BY tasks_ready WHERE status = 1 AND type = ? AND queue = ? AND suspect = ?
  ORDER BY order_key LIMIT ?);
