-- name: snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: page_ids
-- The tasks of a page, out of the $2 rows before $1, each with the bytes of those above it on the page. The lengths are
-- known without reading what is long.
SELECT id, sum(size) OVER (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)::bigint - size
FROM (
  SELECT id, status, type, queue, client, labels,
    coalesce(octet_length(input), 0) + coalesce(octet_length(output), 0) + coalesce(octet_length(checkpoint), 0) AS size
  FROM lastcall.tasks WHERE id < $1 ORDER BY id DESC LIMIT $2
) seen
WHERE ($3::smallint[] IS NULL OR status = ANY($3)) AND ($4 = '' OR type = $4) AND ($5 = '' OR queue = $5)
  AND ($6 = '' OR client = $6) AND ($7::jsonb IS NULL OR labels @> $7)
ORDER BY id DESC LIMIT $8;

-- name: page_end
-- The last of the rows that page_ids looks at, and the one behind it, if there are so many.
SELECT id FROM lastcall.tasks WHERE id < $1 ORDER BY id DESC OFFSET $2 LIMIT 2;

-- name: page_tasks
-- The columns are in the order of scanTask.
SELECT id, created_at, run_at, run, timeout, last_event, started_at, finished_at, expires_at, cancel_requested_at,
  attempt, max_attempts, crashes, interruptions, status, priority, type, queue, client, owner, node, retry_of,
  last_outcome, labels, progress, error, input, output, checkpoint
FROM lastcall.tasks WHERE id = ANY($1::uuid[]) ORDER BY id DESC;

-- name: log_get
-- One row for a task, empty for one without a log.
SELECT l.data FROM lastcall.tasks t LEFT JOIN lastcall.logs l ON l.task = t.id WHERE t.id = $1;
