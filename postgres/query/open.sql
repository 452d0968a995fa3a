-- name: facts
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), pg_is_in_recovery(),
  clock_timestamp(), pg_backend_pid(),
  current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit');

-- name: notify
-- Synchronous commit is for what must not be lost; a hint that is costs latency.
SELECT set_config('synchronous_commit', 'off', true), count(pg_notify($1, p)) FROM unnest($2::text[]) p;

-- name: schema_version
-- In the version of the schema itself, and the lowest version that a program must know to run on it.
SELECT max(version), max(minimum) FROM lastcall.schema_versions;

-- name: schema_there
-- From the rows of the catalog: to_regclass asks a cache, which in a transaction that has waited for its lock does not
-- know yet what was committed meanwhile.
SELECT EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = 'schema_versions'
);

-- name: schema_lock
SELECT pg_advisory_xact_lock($1);

-- name: schema_note
INSERT INTO lastcall.schema_versions (version, minimum) VALUES ($1, $2);

-- name: namespace_there
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1);

-- name: schema_versions
CREATE TABLE lastcall.schema_versions (
  version    integer     NOT NULL,
  minimum    integer     NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT schema_versions_pk PRIMARY KEY (version)
);
