package postgres

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall"
)

// keyName is an idempotency key without what came with it.
type keyName struct{ scope, key string }

// first is the submission that a key was first used for.
type first struct {
	keyName
	digest string
	task   *row
}

// queueKeys looks up the keys of calls. One that is past its window is not known any more, deleted yet or not; nor is
// one whose task is forgotten.
func (tx *tx) queueKeys(b *pgx.Batch, calls []*call) {
	var scopes, keys array[string]
	for _, c := range calls {
		for i := range c.subs {
			if k := c.subs[i].Idempotency; k != nil {
				scopes, keys = append(scopes, k.Scope), append(keys, k.Key)
			}
		}
	}
	tx.first = map[keyName]*first{}
	if len(keys) == 0 {
		return
	}
	b.Queue(tx.s.sql["keys_find"], scopes, keys, lastcall.IdempotencyWindow.Seconds()).Query(func(rows pgx.Rows) error {
		var f first
		c := newTaskScan(&f.scope, &f.key, &f.digest)
		for rows.Next() {
			var err error
			if f.task, err = c.next(rows); err != nil {
				return err
			}
			found := f
			tx.first[f.keyName] = &found
		}
		return rows.Err()
	})
}

// firstOf is what a key was first used for, nil if it is new or none.
func (tx *tx) firstOf(k *lastcall.IdempotencyKey) *first {
	if k == nil {
		return nil
	}
	return tx.first[keyName{k.Scope, k.Key}]
}

// checkKeys fails if a key of the call was used with another body, in the call itself or before: one mismatch refuses
// them all.
func (tx *tx) checkKeys(subs []lastcall.Submission) error {
	var given map[keyName]string
	for i := range subs {
		k := subs[i].Idempotency
		if k == nil {
			continue
		}
		name := keyName{k.Scope, k.Key}
		digest, known := given[name]
		if f := tx.first[name]; f != nil {
			digest, known = f.digest, true
		}
		if known && digest != k.Digest {
			return errMismatch(i)
		}
		if given == nil {
			given = map[keyName]string{}
		}
		given[name] = k.Digest
	}
	return nil
}

// putKey notes that a key stands for a new task, for the next calls and the database.
func (tx *tx) putKey(k *lastcall.IdempotencyKey, r *row) {
	f := &first{keyName: keyName{k.Scope, k.Key}, digest: k.Digest, task: r}
	tx.first[f.keyName] = f
	tx.keys = append(tx.keys, f)
}

// queueFirsts writes the new keys, in their order: of two transactions that have some in common the second waits for the
// first, and then fails (isKeyTaken) and looks again. Keys that are not known any more make room before.
func (tx *tx) queueFirsts(b *pgx.Batch) {
	if len(tx.keys) == 0 {
		return
	}
	slices.SortFunc(tx.keys, func(a, b *first) int {
		return strings.Compare(a.scope+"\x00"+a.key, b.scope+"\x00"+b.key)
	})
	var scopes, keys, digests array[string]
	var tasks array[[16]byte]
	for _, f := range tx.keys {
		scopes, keys, digests = append(scopes, f.scope), append(keys, f.key), append(digests, f.digest)
		tasks = append(tasks, f.task.id)
	}
	b.Queue(tx.s.sql["keys_clear"], scopes, keys, lastcall.IdempotencyWindow.Seconds())
	b.Queue(tx.s.sql["keys_put"], scopes, keys, digests, tasks, tx.now)
}

// isKeyTaken reports whether a transaction failed because another has used a key in the meantime.
func isKeyTaken(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "23505" && server.ConstraintName == "idempotency_pk"
}

// errMismatch is about the submission at a place of the call.
func errMismatch(place int) error {
	return &lastcall.Error{
		Code: lastcall.CodeIdempotencyMismatch, Detail: "the idempotency key was first used with another body",
		Fields: []lastcall.FieldError{{Item: &place, Field: "Idempotency-Key", Message: "was used with another body"}},
	}
}
