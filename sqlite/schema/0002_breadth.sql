-- Version 2: logs, the events of one task, and how long a node has been in its phase. It only adds.

-- What a run writes is part 4 of task_parts, in rows of its own at any length: it is not wanted with its task. The bit of
-- tasks.parts says whether there is one.

-- A task's own events, without an index that every event would have to pay for: each names the one before it, and the
-- task the last. Whoever wants them walks back from there. 0 is none.
ALTER TABLE events ADD COLUMN prev INTEGER NOT NULL DEFAULT 0; -- seq of the task's event before this one
ALTER TABLE tasks ADD COLUMN last_event INTEGER NOT NULL DEFAULT 0; -- seq of the task's last event

-- Those that are there already.
UPDATE events SET prev = chain.prev FROM (
  SELECT mailbox, seq, lag(seq, 1, 0) OVER (PARTITION BY mailbox, task ORDER BY seq) AS prev FROM events) AS chain
WHERE events.mailbox = chain.mailbox AND events.seq = chain.seq;
UPDATE tasks SET last_event = last.seq FROM (SELECT task, max(seq) AS seq FROM events GROUP BY task) AS last
WHERE tasks.id = last.task;

-- Peers take over only from those that have been ready for a while.
ALTER TABLE nodes ADD COLUMN phase_since INTEGER NOT NULL DEFAULT 0; -- when it entered its phase
UPDATE nodes SET phase_since = seen_at;
