-- name: task_insert
INSERT INTO tasks (id, status, type, queue, client, created_at, run_at, order_key, priority, max_attempts, timeout,
  expires_at, retry_of, labels, parts, input, last_event)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0);

-- name: task_get
-- The columns are in the order of scanTask.
SELECT id, status, type, queue, client, created_at, run_at, priority, run, attempt, max_attempts, crashes,
  interruptions, timeout, started_at, finished_at, expires_at, cancel_requested_at, owner, node, retry_of,
  last_outcome, labels, progress, parts, error, input, output, checkpoint, last_event
FROM tasks WHERE id = ?;

-- name: task_page
-- The same columns, newest first.
SELECT id, status, type, queue, client, created_at, run_at, priority, run, attempt, max_attempts, crashes,
  interruptions, timeout, started_at, finished_at, expires_at, cancel_requested_at, owner, node, retry_of,
  last_outcome, labels, progress, parts, error, input, output, checkpoint, last_event
FROM tasks WHERE id < ? ORDER BY id DESC LIMIT ?;

-- name: task_update
UPDATE tasks SET status = ?, run_at = ?, order_key = ?, run = ?, attempt = ?, crashes = ?, suspect = ?,
  interruptions = ?, started_at = ?, finished_at = ?, cancel_requested_at = ?, owner = ?, node = ?, last_outcome = ?,
  progress = ?, parts = ?, error = ?, output = ?, checkpoint = ?, last_event = ?
WHERE id = ?;

-- name: task_save
-- What a run leaves while it goes on.
UPDATE tasks SET progress = ?, parts = ?, checkpoint = ? WHERE id = ?;

-- name: task_delete
DELETE FROM tasks WHERE id = ? RETURNING parts;

-- name: task_last_event
SELECT client, last_event, created_at, finished_at FROM tasks WHERE id = ?;

-- name: log_get
-- One row for a task, empty for one without a log.
SELECT p.data FROM tasks t LEFT JOIN task_parts p ON p.task = t.id AND p.part = ? WHERE t.id = ?;

-- name: part_get
SELECT data FROM task_parts WHERE task = ? AND part = ?;

-- name: part_put
INSERT INTO task_parts (task, part, data) VALUES (?, ?, ?)
ON CONFLICT (task, part) DO UPDATE SET data = excluded.data;

-- name: part_delete
DELETE FROM task_parts WHERE task = ? AND part = ?;

-- name: parts_delete
DELETE FROM task_parts WHERE task = ?;
