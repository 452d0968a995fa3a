-- name: mailboxes_behind
SELECT id FROM lastcall.mailboxes WHERE id > $1 ORDER BY id LIMIT $2;

-- name: mailboxes_epochs_lock
SELECT id FROM lastcall.mailboxes WHERE id = ANY($1::bigint[]) ORDER BY client COLLATE "C" FOR UPDATE;

-- name: mailboxes_epochs
UPDATE lastcall.mailboxes m SET epoch = u.epoch FROM unnest($1::bigint[], $2::text[]) u (id, epoch) WHERE m.id = u.id;
