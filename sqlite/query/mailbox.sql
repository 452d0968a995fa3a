-- name: mailbox_get
SELECT id, epoch, head, oldest, acked, used_at FROM mailboxes WHERE client = ?;

-- name: mailbox_insert
INSERT INTO mailboxes (client, epoch, used_at) VALUES (?, ?, ?) RETURNING id;

-- name: mailbox_update
UPDATE mailboxes SET head = ?, oldest = ?, acked = ?, used_at = ? WHERE id = ?;

-- name: mailbox_delete
DELETE FROM mailboxes WHERE id = ?;

-- name: mailbox_epoch
UPDATE mailboxes SET epoch = ? WHERE id = ?;

-- name: mailboxes_behind
SELECT id, client FROM mailboxes WHERE id > ? ORDER BY id LIMIT ?;

-- name: mailboxes_walk
-- Mailboxes behind a given one, with the time of their oldest event.
SELECT m.id, m.client, m.used_at, (SELECT e.at FROM events e WHERE e.mailbox = m.id AND e.seq >= m.oldest LIMIT 1)
FROM mailboxes m WHERE m.id > ? ORDER BY m.id LIMIT ?;

-- name: event_insert
INSERT INTO events (mailbox, seq, id, type, task, run, attempt, at, data, prev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: event_get
SELECT seq, id, type, task, run, attempt, at, data, prev FROM events WHERE mailbox = ? AND seq = ?;

-- name: events_after
SELECT seq, id, type, task, run, attempt, at, data FROM events WHERE mailbox = ? AND seq > ? ORDER BY seq LIMIT ?;

-- name: events_of_task
-- Those in a piece of the mailbox, the last one first.
SELECT seq, id, type, task, run, attempt, at, data FROM events
WHERE mailbox = ? AND seq >= ? AND seq < ? AND task = ? ORDER BY seq DESC;

-- name: event_at
SELECT at FROM events WHERE mailbox = ? AND seq = ?;

-- name: events_age
SELECT seq, at FROM events WHERE mailbox = ? ORDER BY seq LIMIT ?;

-- name: events_delete
DELETE FROM events WHERE mailbox = ? AND seq <= ?;
