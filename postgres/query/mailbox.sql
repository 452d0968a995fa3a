-- name: mailbox_get
SELECT id, client, epoch, head, oldest, acked, used_at, clock_timestamp() FROM lastcall.mailboxes WHERE client = $1;

-- name: mailboxes_lock
-- The columns of mailbox_get but the last.
SELECT id, client, epoch, head, oldest, acked, used_at FROM lastcall.mailboxes
WHERE client = ANY(ARRAY(SELECT client FROM lastcall.tasks WHERE id = ANY($1::uuid[])) || $2::text[])
ORDER BY client FOR UPDATE;

-- name: mailboxes_lock_free
-- The same of clients, but for those mailboxes that somebody holds.
SELECT id, client, epoch, head, oldest, acked, used_at FROM lastcall.mailboxes
WHERE client = ANY($1::text[]) ORDER BY client FOR UPDATE SKIP LOCKED;

-- name: mailboxes_there
SELECT client FROM lastcall.mailboxes WHERE client = ANY($1::text[]);

-- name: mailboxes_make
INSERT INTO lastcall.mailboxes (client, epoch, used_at)
SELECT m.client, m.epoch, clock_timestamp() FROM unnest($1::text[], $2::text[]) WITH ORDINALITY m (client, epoch, n)
ORDER BY n ON CONFLICT (client) DO NOTHING;

-- name: mailboxes_update
UPDATE lastcall.mailboxes m SET head = u.head, acked = u.acked, used_at = u.used_at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[]) u (id, head, acked, used_at) WHERE m.id = u.id;

-- name: events_insert
INSERT INTO lastcall.events (at, mailbox, seq, run, prev, attempt, type, id, task, data)
SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::integer[],
  $7::smallint[], $8::uuid[], $9::uuid[], $10::bytea[]);

-- name: events_after
-- A mailbox and what stands in it behind a position, one row at least if it is there. No more events once they hold so
-- many bytes ($4), but always the first.
SELECT m.id, m.client, m.epoch, m.head, m.oldest, m.acked, m.used_at,
  e.seq, e.id, e.type, e.task, e.run, e.attempt, e.at, e.data
FROM lastcall.mailboxes m LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT *, sum(octet_length(data)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(data) AS before
    FROM (
      SELECT * FROM lastcall.events WHERE mailbox = m.id AND seq > greatest($2::bigint, m.oldest - 1)
      ORDER BY seq LIMIT $3::integer
    ) page
  ) sized WHERE before < $4::bigint
) e ON true
WHERE m.client = $1 ORDER BY e.seq;

-- name: task_events
-- A task's client with its mailbox, and the chain of the task's events, from the last one back. What has expired ends
-- it; so does what is about another task, which stands in a mailbox made anew.
WITH RECURSIVE t AS (
  SELECT id, client, last_event FROM lastcall.tasks WHERE id = $1
), chain AS (
  SELECT e.* FROM t JOIN lastcall.mailboxes m ON m.client = t.client
    JOIN lastcall.events e ON e.mailbox = m.id AND e.seq = t.last_event AND e.seq >= m.oldest AND e.task = t.id
  UNION ALL
  SELECT e.* FROM chain c JOIN lastcall.mailboxes m ON m.id = c.mailbox
    JOIN lastcall.events e ON e.mailbox = c.mailbox AND e.seq = c.prev AND e.seq < c.seq AND e.seq >= m.oldest
      AND e.task = c.task
)
SELECT m.id, t.client, m.epoch, m.head, m.oldest, m.acked, m.used_at,
  e.seq, e.id, e.type, e.task, e.run, e.attempt, e.at, e.data
FROM t LEFT JOIN lastcall.mailboxes m ON m.client = t.client LEFT JOIN chain e ON true ORDER BY e.seq;
