-- Version 1: tasks, mailboxes with their events, queues, leases, and the nodes that work.
--
-- Migrations only widen: a node of the version before must be able to run on the schema after, as both do in a roll-out.
-- Durations are nanoseconds, order keys microseconds since 1970; times are the database's clock. What callers give as
-- bytes stays bytes: bytea holds what no text column would take, so that no data of one call can fail the others of its
-- batch. The numbers of statuses and event types are in encode.go; they never change their meaning. `lastcall` stands
-- for the schema that the store was opened with. Names are ordered by their bytes: no locale's order changes under an
-- index, and comparing is cheap.
--
-- The order in which transactions lock, each kind sorted by its key: nodes, tasks, idempotency, mailboxes.

-- One row for each task from its submit to its retention. Wide values leave the row by TOAST, and are not copied when the
-- status changes.
CREATE TABLE lastcall.tasks (
  id                  uuid        NOT NULL,
  created_at          timestamptz NOT NULL,
  run_at              timestamptz NOT NULL,
  order_key           bigint      NOT NULL,
  run                 bigint      NOT NULL DEFAULT 0,
  timeout             bigint      NOT NULL DEFAULT 0,
  last_event          bigint      NOT NULL DEFAULT 0,
  started_at          timestamptz,
  finished_at         timestamptz,
  expires_at          timestamptz,
  cancel_requested_at timestamptz,
  attempt             integer     NOT NULL DEFAULT 0,
  max_attempts        integer     NOT NULL,
  crashes             integer     NOT NULL DEFAULT 0,
  interruptions       integer     NOT NULL DEFAULT 0,
  status              smallint    NOT NULL,
  priority            smallint    NOT NULL DEFAULT 0,
  suspect             boolean     NOT NULL DEFAULT false,
  type                text        NOT NULL COLLATE "C",
  queue               text        NOT NULL COLLATE "C",
  client              text        NOT NULL COLLATE "C",
  owner               text COLLATE "C",
  node                text,
  retry_of            text,
  last_outcome        text,
  labels              jsonb,
  progress            text,
  error               bytea,
  input               bytea,
  output              bytea,
  checkpoint          bytea,
  CONSTRAINT tasks_pk PRIMARY KEY (id),
  CONSTRAINT tasks_status CHECK (status BETWEEN 0 AND 6),
  CONSTRAINT tasks_owned CHECK ((status = 2) = (owner IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

COMMENT ON COLUMN lastcall.tasks.status IS '0 scheduled, 1 queued, 2 running, 3 succeeded, 4 failed, 5 canceled, 6 expired';
COMMENT ON COLUMN lastcall.tasks.order_key IS 'place in the line: run_at less a minute for each point of priority, in microseconds';
COMMENT ON COLUMN lastcall.tasks.run IS 'number of the current or last run: the fence';
COMMENT ON COLUMN lastcall.tasks.timeout IS 'of one attempt, in nanoseconds; 0 is the type''s';
COMMENT ON COLUMN lastcall.tasks.last_event IS 'seq of the task''s last event in its client''s mailbox; 0: none';
COMMENT ON COLUMN lastcall.tasks.expires_at IS 'end of waiting, not of running';
COMMENT ON COLUMN lastcall.tasks.suspect IS 'crashes > 0, for the index';
COMMENT ON COLUMN lastcall.tasks.owner IS 'the incarnation, or the holder of the lease, that holds the current run';
COMMENT ON COLUMN lastcall.tasks.node IS 'name of the node of the current or last run';
COMMENT ON COLUMN lastcall.tasks.last_outcome IS 'digest of what ended the last run, so that it is known again when it is told twice';
COMMENT ON COLUMN lastcall.tasks.progress IS 'a JSON object';
COMMENT ON COLUMN lastcall.tasks.error IS 'a JSON object, as UTF-8';

-- The line: one for each type and queue, the suspects in lines of their own. It holds all that a claim chooses by.
CREATE INDEX tasks_ready ON lastcall.tasks (type, queue, suspect, order_key, id) INCLUDE (expires_at) WHERE status = 1;
-- What time will move.
CREATE INDEX tasks_scheduled ON lastcall.tasks (run_at) WHERE status = 0;
CREATE INDEX tasks_expiring ON lastcall.tasks (expires_at) WHERE status < 2 AND expires_at IS NOT NULL;
-- Who runs what.
CREATE INDEX tasks_owner ON lastcall.tasks (owner) WHERE status = 2;

COMMENT ON INDEX lastcall.tasks_ready IS 'claims: the head of each line';
COMMENT ON INDEX lastcall.tasks_scheduled IS 'sweeps: what has become due';
COMMENT ON INDEX lastcall.tasks_expiring IS 'sweeps: what has waited too long';
COMMENT ON INDEX lastcall.tasks_owner IS 'beats and sweeps: what an incarnation runs';

-- What a run wrote last, 64 KiB at most. It is not wanted with its task.
CREATE TABLE lastcall.logs (
  task uuid  NOT NULL,
  data bytea NOT NULL,
  CONSTRAINT logs_pk PRIMARY KEY (task)
);

-- One row for each Idempotency-Key that is remembered.
CREATE TABLE lastcall.idempotency (
  scope  text        NOT NULL COLLATE "C",
  key    text        NOT NULL COLLATE "C",
  digest text        NOT NULL,
  task   uuid        NOT NULL,
  at     timestamptz NOT NULL,
  CONSTRAINT idempotency_pk PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_at ON lastcall.idempotency (at);
COMMENT ON COLUMN lastcall.idempotency.scope IS 'whose key it is';
COMMENT ON COLUMN lastcall.idempotency.digest IS 'of the body that came with it';
COMMENT ON INDEX lastcall.idempotency_at IS 'sweeps: keys whose day is over';

-- A client's log of events. The head is a counter that is taken in the transaction of the change: of two that write to a
-- mailbox the second waits for the first, so that no commit slips in behind a position that was read. A sequence would
-- let it. No index covers what changes with every event, so that these updates stay within their page.
CREATE TABLE lastcall.mailboxes (
  id      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  head    bigint      NOT NULL DEFAULT 0,
  oldest  bigint      NOT NULL DEFAULT 1,
  acked   bigint      NOT NULL DEFAULT 0,
  used_at timestamptz NOT NULL,
  client  text        NOT NULL COLLATE "C",
  epoch   text        NOT NULL,
  CONSTRAINT mailboxes_pk PRIMARY KEY (id),
  CONSTRAINT mailboxes_client UNIQUE (client),
  CONSTRAINT mailboxes_order CHECK (acked <= head AND oldest BETWEEN 1 AND head + 1)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN lastcall.mailboxes.head IS 'seq of the last event written';
COMMENT ON COLUMN lastcall.mailboxes.oldest IS 'seq of the first event kept; head + 1 if none is';
COMMENT ON COLUMN lastcall.mailboxes.used_at IS 'time of the last event, or when the client was last here; events of a mailbox never go back in time';

-- Events are only ever appended, and dropped a day at a time. `at` never goes back within a mailbox: once all mailboxes
-- have been walked past a day, nothing of it is wanted any more (retention.go).
CREATE TABLE lastcall.events (
  at      timestamptz NOT NULL,
  mailbox bigint      NOT NULL,
  seq     bigint      NOT NULL,
  run     bigint      NOT NULL,
  prev    bigint      NOT NULL,
  attempt integer     NOT NULL,
  type    smallint    NOT NULL,
  id      uuid        NOT NULL,
  task    uuid        NOT NULL,
  data    bytea       NOT NULL,
  CONSTRAINT events_pk PRIMARY KEY (mailbox, seq, at)
) PARTITION BY RANGE (at);
COMMENT ON COLUMN lastcall.events.seq IS 'from 1, without gaps; unique in its mailbox, whose counter it comes from';
COMMENT ON COLUMN lastcall.events.prev IS 'seq of the task''s event before this one; 0: none';
COMMENT ON COLUMN lastcall.events.type IS '0 succeeded, 1 failed, 2 canceled, 3 expired, 4 retrying, 5 interrupted';
COMMENT ON INDEX lastcall.events_pk IS 'reads: a mailbox behind a position';
-- What falls into no day that is there: the clock is wrong, or nobody has swept for days. No event is lost for it.
CREATE TABLE lastcall.events_other PARTITION OF lastcall.events DEFAULT;
CREATE INDEX events_other_at ON lastcall.events_other (at);
COMMENT ON INDEX lastcall.events_other_at IS 'retention, which finds no day to drop here';

-- A queue's numbers are its row here and all its moves. A row that every submit and every claim had to count in would
-- have them all wait for each other; so each transaction appends what it has moved, and sweeps add the moves up.
CREATE TABLE lastcall.queues (
  scheduled bigint      NOT NULL DEFAULT 0,
  queued    bigint      NOT NULL DEFAULT 0,
  running   bigint      NOT NULL DEFAULT 0,
  used_at   timestamptz NOT NULL,
  paused    boolean     NOT NULL DEFAULT false,
  name      text        NOT NULL COLLATE "C",
  CONSTRAINT queues_pk PRIMARY KEY (name)
) WITH (fillfactor = 50);
CREATE INDEX queues_paused ON lastcall.queues (name) WHERE paused;
COMMENT ON INDEX lastcall.queues_paused IS 'claims: what to leave out';
CREATE TABLE lastcall.queue_moves (
  id        bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
  scheduled integer NOT NULL,
  queued    integer NOT NULL,
  running   integer NOT NULL,
  queue     text    NOT NULL COLLATE "C",
  CONSTRAINT queue_moves_pk PRIMARY KEY (id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Leases of workers outside, one for each run. A row outlives its lease until a sweep comes by; it counts only as long as
-- its holder owns the task.
CREATE TABLE lastcall.leases (
  task       uuid        NOT NULL,
  expires_at timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  length     bigint      NOT NULL,
  holder     text        NOT NULL COLLATE "C",
  CONSTRAINT leases_pk PRIMARY KEY (holder)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX leases_expires_at ON lastcall.leases (expires_at);
COMMENT ON COLUMN lastcall.leases.ends_at IS 'when the attempt has had its time: no renewal goes past it';
COMMENT ON COLUMN lastcall.leases.length IS 'what was last asked for, in nanoseconds';
COMMENT ON INDEX lastcall.leases_expires_at IS 'sweeps: leases that have run out';

-- Incarnations, alive and, for a day, those that are gone.
CREATE TABLE lastcall.nodes (
  lease_until timestamptz NOT NULL,
  since       timestamptz NOT NULL,
  phase_since timestamptz NOT NULL,
  seen_at     timestamptz NOT NULL,
  length      bigint      NOT NULL,
  running     integer     NOT NULL DEFAULT 0,
  connections integer     NOT NULL DEFAULT 0,
  state       smallint    NOT NULL DEFAULT 0,
  incarnation text        NOT NULL COLLATE "C",
  name        text        NOT NULL,
  version     text        NOT NULL,
  address     text        NOT NULL,
  phase       text        NOT NULL DEFAULT '',
  types       text[]      NOT NULL,
  CONSTRAINT nodes_pk PRIMARY KEY (incarnation)
) WITH (fillfactor = 50);
COMMENT ON COLUMN lastcall.nodes.length IS 'of its lease, in nanoseconds';
COMMENT ON COLUMN lastcall.nodes.state IS '0 joined, 1 left, 2 found dead';
COMMENT ON COLUMN lastcall.nodes.address IS 'where its peers may probe /readyz';

-- How far the jobs have come that go around everything in portions, for all nodes together.
CREATE TABLE lastcall.rounds (
  began timestamptz NOT NULL,
  until timestamptz NOT NULL,
  done  timestamptz NOT NULL,
  place bigint      NOT NULL DEFAULT 0,
  id    uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  job   text        NOT NULL COLLATE "C",
  CONSTRAINT rounds_pk PRIMARY KEY (job)
);
COMMENT ON COLUMN lastcall.rounds.began IS 'of the round under way, or of the last one';
COMMENT ON COLUMN lastcall.rounds.until IS 'what is older goes in the round under way, whoever goes on with it';
COMMENT ON COLUMN lastcall.rounds.done IS 'until, of the last round that came to its end';
COMMENT ON COLUMN lastcall.rounds.place IS 'the mailbox that was looked at last; 0 between two rounds';
COMMENT ON COLUMN lastcall.rounds.id IS 'the task that was looked at last';
INSERT INTO lastcall.rounds (job, began, until, done)
VALUES ('events', '-infinity', '-infinity', '-infinity'), ('tasks', '-infinity', '-infinity', '-infinity');
