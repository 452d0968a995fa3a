-- name: begin
BEGIN;

-- name: bounds
-- The time, and what bounds a transaction on the server's side when its node is gone or hangs.
SELECT clock_timestamp(), set_config('statement_timeout', '5s', true), set_config('lock_timeout', '4s', true),
  set_config('idle_in_transaction_session_timeout', '10s', true), set_config('enable_seqscan', 'off', true),
  set_config('jit', 'off', true);

-- name: patience
-- For how many milliseconds to wait for a lock.
SELECT set_config('lock_timeout', $1, true);

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;
