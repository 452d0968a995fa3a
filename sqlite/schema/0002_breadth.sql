-- Version 2: logs, the events of one task, and how long a node has been in its phase. It only adds, and takes the same
-- moment whatever the file holds: a process of the version before may be serving it.

-- What a run writes is part 4 of task_parts, in rows of its own at any length: it is not wanted with its task. The bit of
-- tasks.parts says whether there is one.

-- A task's own events, without an index that every event would have to pay for: each names the one before it, and the
-- task the last. Whoever wants them walks back from there. 0 is none, -1 is not known: what was written before this
-- version is looked for in the mailbox (chain.go).
--
-- The columns are written into the schema's own text, which is all that ALTER TABLE ADD COLUMN does too, after it has
-- read the whole of a STRICT table: 10 million rows, with the lock for writing held. Rows that end before a column have
-- its default. RESET reads the schema anew; the statements that follow make all other connections do so.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '  CONSTRAINT events_pk',
  '  prev    INTEGER, -- seq of the task''s event before this one; NULL until the trigger has seen to it
  CONSTRAINT events_pk') WHERE type = 'table' AND name = 'events';
UPDATE sqlite_schema SET sql = replace(sql, '  CONSTRAINT tasks_pk',
  '  last_event          INTEGER NOT NULL DEFAULT -1, -- seq of the task''s last event
  CONSTRAINT tasks_pk') WHERE type = 'table' AND name = 'tasks';
PRAGMA writable_schema = RESET;

-- A process of the version before knows nothing of the chain and is chained by this.
CREATE TRIGGER events_chained AFTER INSERT ON events WHEN NEW.prev IS NULL
BEGIN
  UPDATE events SET prev = (SELECT last_event FROM tasks WHERE id = NEW.task)
    WHERE mailbox = NEW.mailbox AND seq = NEW.seq;
  UPDATE tasks SET last_event = NEW.seq WHERE id = NEW.task;
END;

-- Peers take over only from those that have been ready for a while.
ALTER TABLE nodes ADD COLUMN phase_since INTEGER NOT NULL DEFAULT 0; -- when it entered its phase
UPDATE nodes SET phase_since = seen_at;
