-- name: ready_queue
-- The first queue behind a given one that has a task of the type ready: a step of the skip-scan.
SELECT queue FROM tasks INDEXED BY tasks_ready WHERE status = 1 AND type = ? AND queue > ? ORDER BY queue LIMIT 1;

-- name: ready_tasks
-- The head of a line, from the index alone. What has expired is passed over.
SELECT id, order_key FROM tasks INDEXED BY tasks_ready
WHERE status = 1 AND type = ? AND queue = ? AND suspect = ? AND (expires_at IS NULL OR expires_at > ?)
ORDER BY order_key, id LIMIT ?;

-- name: paused_queues
SELECT name FROM queues INDEXED BY queues_paused WHERE paused = 1;
