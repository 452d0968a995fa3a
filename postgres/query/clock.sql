-- name: clock_read
SELECT clock_timestamp();

-- name: nodes_forward
-- The clock was set forward by so many microseconds: whoever would be dead by that alone has its lease anew.
UPDATE lastcall.nodes SET lease_until = clock_timestamp() + length / 1000 * interval '1 microsecond'
WHERE state = 0 AND lease_until <= clock_timestamp() AND $1::bigint > 0;

-- name: leases_forward
UPDATE lastcall.leases SET
  expires_at = least(clock_timestamp() + length / 1000 * interval '1 microsecond', ends_at + $1 * interval '1 microsecond'),
  ends_at = ends_at + $1 * interval '1 microsecond'
WHERE holder = ANY(ARRAY(
  SELECT holder FROM lastcall.leases
  WHERE expires_at <= clock_timestamp() AND ends_at + $1 * interval '1 microsecond' > clock_timestamp() -- else it was over before
  ORDER BY holder FOR UPDATE
));

-- name: nodes_back
-- It was set back: no lease is longer than it was asked for, and nothing has happened later than now.
UPDATE lastcall.nodes SET phase_since = least(phase_since, clock_timestamp()), seen_at = least(seen_at, clock_timestamp()),
  lease_until = least(lease_until, clock_timestamp() + length / 1000 * interval '1 microsecond')
WHERE state = 0 AND $1::bigint = 0;

-- name: leases_back
UPDATE lastcall.leases SET expires_at = clock_timestamp() + length / 1000 * interval '1 microsecond'
WHERE $1::bigint = 0 AND holder = ANY(ARRAY(
  SELECT holder FROM lastcall.leases
  WHERE expires_at > clock_timestamp() + length / 1000 * interval '1 microsecond' ORDER BY holder FOR UPDATE
));

-- name: retries_back
-- It was set back by so many microseconds: what has run and waits to run again waits as long as it was to. Such a task was
-- started later than it now is, and is due later than it was started; one that was moved has been started in the past, so
-- that it is moved once, however many nodes find out. Portions, in the order in which all lock tasks.
WITH late AS MATERIALIZED (
  SELECT id FROM lastcall.tasks
  WHERE status = 0 AND run_at > clock_timestamp() AND started_at > clock_timestamp() AND run_at >= started_at
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE lastcall.tasks SET run_at = run_at - $1::bigint * interval '1 microsecond',
  order_key = order_key - $1::bigint,
  started_at = least(started_at - $1::bigint * interval '1 microsecond', clock_timestamp())
WHERE id = ANY(ARRAY(SELECT id FROM late)) AND status = 0;
