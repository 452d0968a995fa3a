-- name: due
SELECT id FROM tasks INDEXED BY tasks_scheduled WHERE status = 0 AND run_at <= ? ORDER BY run_at LIMIT ?;

-- name: due_next
SELECT run_at FROM tasks INDEXED BY tasks_scheduled WHERE status = 0 ORDER BY run_at LIMIT 1;

-- name: expiring
SELECT id FROM tasks INDEXED BY tasks_expiring WHERE status < 2 AND expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at LIMIT ?;

-- name: finished_walk
-- Tasks behind a given one and before another, oldest first, with the time they ended.
SELECT id, finished_at FROM tasks WHERE id > ? AND id < ? ORDER BY id LIMIT ?;
