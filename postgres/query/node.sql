-- name: node_insert
INSERT INTO lastcall.nodes (incarnation, name, version, address, types, lease_until, since, phase_since, seen_at, length)
VALUES ($1, $2, $3, $4, $5, $6::timestamptz + $7 * interval '1 microsecond', $6, $6, $6, $8);

-- name: node_phase
-- Who reads a phase in order to go by it locks the row, but not against claims, which only hold its key.
SELECT phase FROM lastcall.nodes WHERE incarnation = $1 AND state = 0 FOR NO KEY UPDATE;

-- name: node_enter
-- A sign of life, and the phase, whose beginning stays while the phase does.
UPDATE lastcall.nodes SET phase_since = CASE phase WHEN $2 THEN phase_since ELSE $3 END, phase = $2, seen_at = $3
WHERE incarnation = $1;

-- name: node_beat
UPDATE lastcall.nodes SET running = $2, connections = $3, length = $6,
  lease_until = $4::timestamptz + $5 * interval '1 microsecond'
WHERE incarnation = $1;

-- name: node_end
UPDATE lastcall.nodes SET state = $2, running = 0, connections = 0 WHERE incarnation = $1;

-- name: nodes
-- Newest first. Where there are more than are listed, those that live are.
SELECT * FROM (
  SELECT t.now, incarnation, state, name, version, types, lease_until, phase, running, connections, since, seen_at,
    address, phase_since
  FROM lastcall.nodes, (SELECT clock_timestamp() AS now OFFSET 0) t
  WHERE state = 0 OR seen_at > t.now - $2 * interval '1 microsecond'
  ORDER BY state <> 0, since DESC, incarnation DESC LIMIT $1
) n ORDER BY since DESC, incarnation DESC;

-- name: nodes_forget
DELETE FROM lastcall.nodes WHERE state <> 0 AND seen_at <= $1;

-- name: runs_of
SELECT id::text, run FROM lastcall.tasks WHERE status = 2 AND owner = $1 ORDER BY id;

-- name: runs_canceled
SELECT id::text, run FROM lastcall.tasks WHERE status = 2 AND owner = $1 AND cancel_requested_at IS NOT NULL ORDER BY id;

-- name: announce_lock
SELECT pg_advisory_xact_lock($1);
