-- Version 1: tasks, what they carry, mailboxes with their events, and the nodes that work.
--
-- Times are microseconds since 1970 UTC, durations nanoseconds, ids the 16 bytes of a UUIDv7. The order of columns is
-- the order of how often they are read without the rest: SQLite reads a row from its front, and what is long stands
-- last. The numbers of statuses, parts and event types are in encode.go; they never change their meaning.

-- What a submit writes is one row here and, when the task is due, one entry in tasks_ready.
CREATE TABLE tasks (
  id                  BLOB    NOT NULL, -- ids sort by the time of their submit, so that new rows come last
  status              INTEGER NOT NULL, -- 0 scheduled, 1 queued, 2 running, 3 succeeded, 4 failed, 5 canceled, 6 expired
  type                TEXT    NOT NULL,
  queue               TEXT    NOT NULL,
  client              TEXT    NOT NULL,
  created_at          INTEGER NOT NULL,
  run_at              INTEGER NOT NULL, -- not before
  order_key           INTEGER NOT NULL, -- place in the line: run_at less a minute for each point of priority
  priority            INTEGER NOT NULL DEFAULT 0,
  run                 INTEGER NOT NULL DEFAULT 0, -- the fence
  attempt             INTEGER NOT NULL DEFAULT 0,
  max_attempts        INTEGER NOT NULL,
  crashes             INTEGER NOT NULL DEFAULT 0,
  suspect             INTEGER NOT NULL DEFAULT 0, -- crashes > 0, for the index
  interruptions       INTEGER NOT NULL DEFAULT 0,
  timeout             INTEGER NOT NULL DEFAULT 0, -- of one attempt; 0 is the type's
  started_at          INTEGER,
  finished_at         INTEGER,
  expires_at          INTEGER, -- of waiting, not of running
  cancel_requested_at INTEGER,
  owner               TEXT,    -- the incarnation that holds the current run
  node                TEXT,    -- the name of the node of the current or last run
  retry_of            TEXT,
  last_outcome        TEXT,    -- digest of what ended the last run
  labels              TEXT,    -- a JSON object
  progress            TEXT,    -- a JSON object
  parts               INTEGER NOT NULL DEFAULT 0, -- which of the four below stand in task_parts, a bit for each
  error               BLOB,    -- a JSON object
  input               BLOB,
  output              BLOB,
  checkpoint          BLOB,
  CONSTRAINT tasks_pk PRIMARY KEY (id),
  CONSTRAINT tasks_status CHECK (status BETWEEN 0 AND 6),
  CONSTRAINT tasks_owned CHECK ((status = 2) = (owner IS NOT NULL))
) WITHOUT ROWID, STRICT;

-- The line: one for each type and queue, the suspects in lines of their own. It holds all that a claim chooses by.
CREATE INDEX tasks_ready ON tasks (type, queue, suspect, order_key, id, expires_at) WHERE status = 1;

-- What time will move.
CREATE INDEX tasks_scheduled ON tasks (run_at) WHERE status = 0;
CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE status < 2 AND expires_at IS NOT NULL;

-- Who runs what.
CREATE INDEX tasks_owner ON tasks (owner) WHERE status = 2;

-- Inputs, outputs, errors and checkpoints that are too long to be copied with their row each time its status changes.
CREATE TABLE task_parts (
  task BLOB    NOT NULL,
  part INTEGER NOT NULL, -- 0 input, 1 output, 2 error, 3 checkpoint
  data BLOB    NOT NULL,
  CONSTRAINT task_parts_pk PRIMARY KEY (task, part)
) WITHOUT ROWID, STRICT;

-- Counted as tasks move, in the same transaction, so that asking costs nothing. A queue is here from its first task on
-- until it has been empty for a day.
CREATE TABLE queues (
  name      TEXT    NOT NULL,
  paused    INTEGER NOT NULL DEFAULT 0,
  scheduled INTEGER NOT NULL DEFAULT 0,
  queued    INTEGER NOT NULL DEFAULT 0,
  running   INTEGER NOT NULL DEFAULT 0,
  used_at   INTEGER NOT NULL, -- when a number last changed
  CONSTRAINT queues_pk PRIMARY KEY (name)
) WITHOUT ROWID, STRICT;

CREATE INDEX queues_paused ON queues (name) WHERE paused = 1;

-- One row for each Idempotency-Key that is remembered.
CREATE TABLE idempotency (
  scope  TEXT    NOT NULL, -- whose key it is
  key    TEXT    NOT NULL,
  digest TEXT    NOT NULL, -- of the body that came with it
  task   BLOB    NOT NULL,
  at     INTEGER NOT NULL,
  CONSTRAINT idempotency_pk PRIMARY KEY (scope, key)
) WITHOUT ROWID, STRICT;

CREATE INDEX idempotency_at ON idempotency (at);

-- A client's log of events. The counter outlives the events.
CREATE TABLE mailboxes (
  id      INTEGER NOT NULL,
  client  TEXT    NOT NULL,
  epoch   TEXT    NOT NULL,
  head    INTEGER NOT NULL DEFAULT 0, -- seq of the last event written
  oldest  INTEGER NOT NULL DEFAULT 1, -- seq of the first event kept; head + 1 if none is
  acked   INTEGER NOT NULL DEFAULT 0,
  used_at INTEGER NOT NULL, -- when an event was written, or its client was last here, to the day
  CONSTRAINT mailboxes_pk PRIMARY KEY (id),
  CONSTRAINT mailboxes_client UNIQUE (client),
  CONSTRAINT mailboxes_order CHECK (acked <= head AND oldest BETWEEN 1 AND head + 1)
) STRICT;

CREATE TABLE events (
  mailbox INTEGER NOT NULL,
  seq     INTEGER NOT NULL, -- from 1, without gaps
  id      BLOB    NOT NULL,
  type    INTEGER NOT NULL, -- 0 succeeded, 1 failed, 2 canceled, 3 expired, 4 retrying, 5 interrupted
  task    BLOB    NOT NULL,
  run     INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  data    BLOB    NOT NULL,
  CONSTRAINT events_pk PRIMARY KEY (mailbox, seq)
) WITHOUT ROWID, STRICT;

-- Incarnations, alive and, for a day, those that are gone. That one is alive is not said here but by the lock on its
-- file (lease.go).
CREATE TABLE nodes (
  incarnation TEXT    NOT NULL,
  state       INTEGER NOT NULL DEFAULT 0, -- 0 joined, 1 left, 2 found dead
  name        TEXT    NOT NULL,
  version     TEXT    NOT NULL,
  address     TEXT    NOT NULL,
  types       TEXT    NOT NULL, -- a JSON array
  lease       INTEGER NOT NULL,
  phase       TEXT    NOT NULL DEFAULT '',
  running     INTEGER NOT NULL DEFAULT 0,
  connections INTEGER NOT NULL DEFAULT 0,
  since       INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  CONSTRAINT nodes_pk PRIMARY KEY (incarnation)
) WITHOUT ROWID, STRICT;
