-- name: node_insert
INSERT INTO nodes (incarnation, name, version, address, types, lease, since, phase_since, seen_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7);

-- name: node_beat
UPDATE nodes SET running = ?, connections = ?, lease = ? WHERE incarnation = ?;

-- name: node_phase
-- A sign of life, and the phase, whose beginning stays while the phase does.
UPDATE nodes SET phase_since = CASE phase WHEN ?1 THEN phase_since ELSE ?2 END, phase = ?1, seen_at = ?2
WHERE incarnation = ?3;

-- name: node_joined
SELECT phase FROM nodes WHERE incarnation = ? AND state = 0;

-- name: node_end
UPDATE nodes SET state = ?, running = 0, connections = 0 WHERE incarnation = ?;

-- name: nodes_joined
SELECT incarnation FROM nodes WHERE state = 0;

-- name: nodes
-- Newest first. Where there are more than are listed, those that live are.
SELECT * FROM (
  SELECT incarnation, state, name, version, types, lease, phase, running, connections, since, seen_at, address,
    phase_since
  FROM nodes
  WHERE state = 0 OR seen_at > ? ORDER BY state <> 0, since DESC, incarnation DESC LIMIT ?
) ORDER BY since DESC, incarnation DESC;

-- name: nodes_forget
DELETE FROM nodes WHERE state <> 0 AND seen_at <= ?;

-- name: runs_of
SELECT id, run FROM tasks INDEXED BY tasks_owner WHERE status = 2 AND owner = ? ORDER BY id;

-- name: runs_canceled
SELECT id, run FROM tasks INDEXED BY tasks_owner WHERE status = 2 AND owner = ? AND cancel_requested_at IS NOT NULL
ORDER BY id;

-- name: nodes_back
-- The clock was set back: nothing has happened later than now.
UPDATE nodes SET phase_since = min(phase_since, ?1), seen_at = min(seen_at, ?1) WHERE phase_since > ?1 OR seen_at > ?1;
