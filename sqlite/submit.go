package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// rowBytes is about what a task takes in the log beside its input.
const rowBytes = 512

// Submit writes tasks, all of them or none.
func (s *Store) Submit(ctx context.Context, subs []lastcall.Submission) (out []lastcall.Submitted, err error) {
	size := 0
	for i := range subs {
		size += rowBytes + len(subs[i].Input)
	}
	err = s.write(ctx, "submit", size, func(tx *tx) (err error) {
		out, err = tx.submit(subs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// firsts are the tasks of a call's idempotency keys, by the place of each submission in the call. A key that is given
// twice in one call is known from the first time on.
type firsts struct {
	known map[int]taskID // of earlier calls
	same  map[int]int    // the place of the submission that came first
}

// submit answers what is known and inserts the rest. All that can refuse the call comes first, as nothing may be
// written then and others share the transaction.
func (tx *tx) submit(subs []lastcall.Submission) ([]lastcall.Submitted, error) {
	first, err := tx.lookUpKeys(subs)
	if err != nil {
		return nil, err
	}
	out := make([]lastcall.Submitted, len(subs))
	for i := range subs {
		if at, ok := first.same[i]; ok {
			out[i] = lastcall.Submitted{Task: out[at].Task, Replayed: true}
			continue
		}
		if id, ok := first.known[i]; ok {
			r, err := tx.getTask(id)
			if err != nil {
				return nil, err
			}
			out[i] = lastcall.Submitted{Task: r.Task, Replayed: true}
			continue
		}
		if out[i].Task, err = tx.insert(&subs[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lookUpKeys finds which submissions are repeats, before anything is written: one mismatch refuses them all.
func (tx *tx) lookUpKeys(subs []lastcall.Submission) (f firsts, err error) {
	var given map[lastcall.IdempotencyKey]int // scope and key, to the place where they come first
	for i := range subs {
		k := subs[i].Idempotency
		if k == nil {
			continue
		}
		if given == nil {
			given = map[lastcall.IdempotencyKey]int{}
			f = firsts{known: map[int]taskID{}, same: map[int]int{}}
		}
		name := lastcall.IdempotencyKey{Scope: k.Scope, Key: k.Key}
		if at, ok := given[name]; ok {
			if subs[at].Idempotency.Digest != k.Digest {
				return f, errMismatch(i)
			}
			f.same[i] = at
			continue
		}
		given[name] = i
		digest, id, ok, err := tx.getKey(k)
		if err != nil {
			return f, err
		}
		if ok && digest != k.Digest {
			return f, errMismatch(i)
		}
		if ok {
			f.known[i] = id
		}
	}
	return f, nil
}

// errMismatch is about the submission at a place of the call.
func errMismatch(place int) error {
	return &lastcall.Error{
		Code: lastcall.CodeIdempotencyMismatch, Detail: "the idempotency key was first used with another body",
		Fields: []lastcall.FieldError{{Item: &place, Field: "Idempotency-Key", Message: "was used with another body"}},
	}
}

// getKey finds what a key was first used for. One that is past its window is not known any more, deleted yet or not; nor is one
// whose task is forgotten.
func (tx *tx) getKey(k *lastcall.IdempotencyKey) (digest string, id taskID, ok bool, err error) {
	st := tx.stmt("key_get")
	defer st.Reset()
	ok, err = st.Text(k.Scope).Text(k.Key).Time(tx.now.Add(-lastcall.IdempotencyWindow)).Step()
	if !ok || err != nil {
		return "", id, false, err
	}
	st.ColCopy(1, id[:])
	return st.ColText(0), id, true, nil
}

// insert writes one new task. Its id is minted here and not by the caller: the writer goes from one call to the next,
// so that ids come in the order of the rows, and each goes to the end of the table.
func (tx *tx) insert(s *lastcall.Submission) (lastcall.Task, error) {
	id := tx.mint.next()
	sub := *s
	sub.Delay, sub.ExpiresIn = micros(sub.Delay), micros(sub.ExpiresIn)
	r := row{id: id, Task: sub.NewTask(id.String(), tx.now)}
	if len(r.Labels) == 0 {
		r.Labels = nil // as it is read back
	}
	if len(r.Input) == 0 {
		r.Input = nil
	}
	if err := tx.insertRow(&r); err != nil {
		return lastcall.Task{}, err
	}
	if k := s.Idempotency; k != nil {
		if err := tx.putKey(k, id); err != nil {
			return lastcall.Task{}, err
		}
	}
	tx.count(r.Queue, "", r.Status)
	if tx.watched {
		tx.hint(r.HintWaiting())
	}
	return r.Task, nil
}

func (tx *tx) insertRow(r *row) error {
	labels, err := column.EncodeJSON(r.Labels, r.Labels == nil)
	if err != nil {
		return err
	}
	input, err := tx.putPart(r, partInput)
	if err != nil {
		return err
	}
	st := tx.stmt("task_insert")
	st.Bytes(r.id[:]).Int(int64(column.Statuses.Number(r.Status))).Text(r.Type).Text(r.Queue).Text(r.Client)
	st.Time(r.CreatedAt).Time(r.RunAt).Time(r.OrderKey()).Int(int64(r.Priority))
	st.Int(int64(r.MaxAttempts)).Int(int64(r.Timeout)).TimeOrNull(r.ExpiresAt)
	if r.RetryOf == nil {
		st.Null()
	} else {
		st.Text(*r.RetryOf)
	}
	return st.TextOrNull(string(labels)).Int(r.parts).Bytes(input).Run()
}

func (tx *tx) putKey(k *lastcall.IdempotencyKey, id taskID) error {
	st := tx.stmt("key_put")
	return st.Text(k.Scope).Text(k.Key).Text(k.Digest).Bytes(id[:]).Time(tx.now).Run()
}
