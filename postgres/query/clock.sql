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
  SELECT holder FROM lastcall.leases WHERE expires_at <= clock_timestamp() ORDER BY holder FOR UPDATE
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
