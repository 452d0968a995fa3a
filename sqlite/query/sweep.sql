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

-- name: retries_late
-- The clock was set back: what has run, waits to run again and was started later than it now is (clock.go). A task that was
-- moved was started in the past, so that it is moved once, however many processes find out.
SELECT id FROM tasks INDEXED BY tasks_scheduled
WHERE status = 0 AND run_at > ?1 AND started_at > ?1 AND run_at >= started_at ORDER BY run_at LIMIT ?2;

-- name: retry_back
UPDATE tasks SET run_at = run_at - ?1, order_key = order_key - ?1, started_at = min(started_at - ?1, ?2)
WHERE id = ?3 AND status = 0 AND started_at > ?2;
