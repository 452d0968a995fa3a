-- name: doctor_who
-- As whom we are here: the session's role carries settings and limits, the current one rights.
SELECT current_database(), session_user, current_user;

-- name: doctor_settings
-- What promises stand on, and where that was set.
SELECT name, setting, source FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum');

-- name: doctor_make
-- Whether the schema is there, whether somebody else has tables of our names in it, and whether the role may make what is
-- missing.
SELECT n.oid IS NOT NULL, EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname IN ('tasks', 'logs',
    'idempotency', 'mailboxes', 'events', 'events_other', 'queues', 'queue_moves', 'leases', 'nodes', 'rounds')),
  CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
  ELSE has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE') END
FROM (VALUES ($1::text)) v(name) LEFT JOIN pg_namespace n ON n.nspname = v.name;

-- name: doctor_connections
-- How many sessions the server, the database and the role let in, -1 for any number, and how many others have: an
-- application of another name, or another database.
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0),
  (SELECT count(*) FROM pg_stat_activity a WHERE a.datname IS NOT NULL AND a.pid <> pg_backend_pid()
    AND NOT (a.datname = current_database() AND a.application_name = $1) AND coalesce(a.backend_type, 'client backend') = 'client backend'),
  d.datconnlimit, r.rolconnlimit
FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = session_user;

-- name: doctor_rights
-- What the role must be able to do, and whether it can.
SELECT 'read and write ' || c.relname, has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
  AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_versions'
UNION ALL SELECT 'read schema_versions', has_table_privilege('lastcall.schema_versions', 'SELECT');

-- name: doctor_days_rights
SELECT has_schema_privilege($1, 'CREATE'), pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner)
FROM pg_class c WHERE c.oid = 'lastcall.events'::regclass;

-- name: doctor_nodes
SELECT count(*) FROM lastcall.nodes WHERE state = 0 AND lease_until > clock_timestamp();

-- name: doctor_sees_all
SELECT pg_has_role('pg_read_all_stats', 'USAGE');

-- name: doctor_transactions
-- The oldest transaction that holds back vacuum in this database, of any session but ours, and the longest that does
-- nothing, in seconds.
SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE state NOT LIKE 'idle in%')), 0)::bigint,
  coalesce(extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE state LIKE 'idle in%')), 0)::bigint
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';

-- name: doctor_slots
-- Replication slots that hold back vacuum, with how many transactions they are behind.
SELECT slot_name, greatest(age(xmin), age(catalog_xmin))::bigint FROM pg_replication_slots
WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL;

-- name: doctor_prepared
SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - prepared)), 0)::bigint FROM pg_prepared_xacts
WHERE database = current_database();

-- name: doctor_dead
SELECT relname, n_live_tup, n_dead_tup,
  coalesce(to_char(greatest(last_autovacuum, last_vacuum), 'YYYY-MM-DD HH24:MI'), 'never')
FROM pg_stat_user_tables
WHERE schemaname = $1 AND relname IN ('tasks', 'mailboxes', 'queue_moves', 'queues', 'idempotency', 'nodes', 'leases')
ORDER BY relname;

-- name: doctor_unvacuumed
SELECT relname FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND reloptions && ARRAY['autovacuum_enabled=false', 'autovacuum_enabled=off'];

-- name: doctor_clock
SELECT clock_timestamp();

-- name: doctor_other
SELECT count(*) FROM (SELECT FROM lastcall.events_other LIMIT 100000) counted;

-- name: doctor_round
-- When the last round over the mailboxes began, and what it left behind.
SELECT CASE WHEN isfinite(began) THEN began END, CASE WHEN isfinite(done) THEN done END, clock_timestamp()
FROM lastcall.rounds WHERE job = 'events';

-- name: doctor_indexes
SELECT c.relname, i.indisvalid AND i.indisready FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1);

-- name: doctor_notifications
SELECT pg_notification_queue_usage();
