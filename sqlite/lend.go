package sqlite

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
	"github.com/lastcall-dev/lastcall/order"
)

// Leases of workers outside (lastcall.Lender). What such a worker runs has a row in the table leases beside it; that of
// a node has none, as a node's lease is a lock on a file (lease.go).

var _ lastcall.Lender = (*Store)(nil)

// Lease starts runs under leases of their own.
func (s *Store) Lease(ctx context.Context, r lastcall.LeaseRequest) (out []lastcall.Lease, err error) {
	r.Length = micros(r.Length)
	err = s.write(ctx, "lease", r.Max*rowBytes, func(tx *tx) (err error) {
		out, err = tx.lease(&r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lease picks as a claim does, but that a suspect is nobody's company.
func (tx *tx) lease(r *lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	w := order.Wish{Max: r.Max, Suspects: 1, Alone: true, Queues: r.Queues}
	for _, t := range r.Want {
		w.Want = append(w.Want, lastcall.Want{Type: t.Type, Max: r.Max})
	}
	heads, err := tx.inOrder(&w)
	if err != nil {
		return nil, err
	}
	picked := w.Pick(heads)
	leases := make([]lastcall.Lease, 0, len(picked))
	for _, p := range picked {
		l, err := tx.lend(p.ID, r, r.Want[p.Want].Timeout)
		if err != nil {
			return nil, err
		}
		leases = append(leases, l)
	}
	return leases, nil
}

// lend starts a run for whoever will show the holder.
func (tx *tx) lend(id taskID, r *lastcall.LeaseRequest, timeout time.Duration) (l lastcall.Lease, err error) {
	holder := lastcall.NewHolder()
	started, err := tx.startRun(id, holder, r.Node)
	if err != nil {
		return l, err
	}
	ends := tx.now.Add(micros(cmp.Or(started.Timeout, timeout, lastcall.DefaultTimeout)))
	expires := earlier(tx.now.Add(r.Length), ends)
	put := tx.stmt("lease_put").Text(holder).Bytes(id[:]).Time(expires).Time(ends).Int(int64(r.Length))
	return lastcall.Lease{Task: started.Task, Holder: holder, ExpiresAt: expires}, put.Run()
}

// Renew keeps what the run wants to outlive it and moves the end of its lease.
func (s *Store) Renew(ctx context.Context, r lastcall.Renewal) (out lastcall.Lease, err error) {
	r.Length = micros(r.Length)
	err = s.write(ctx, "renew", rowBytes+len(r.Checkpoint)+len(r.Log), func(tx *tx) (err error) {
		out, err = tx.renew(&r)
		return err
	})
	if err != nil {
		return lastcall.Lease{}, err
	}
	return out, nil
}

func (tx *tx) renew(r *lastcall.Renewal) (l lastcall.Lease, err error) {
	id, ok := column.ParseID(r.Task)
	if !ok {
		return l, errNoTask()
	}
	run, err := tx.getRow(id)
	if err != nil {
		return l, err
	}
	held := run.HeldBy(r.Holder, r.Run)
	var expires, ends time.Time
	if held { // and not before: how long a look-up takes may tell of holders
		if expires, ends, held, err = tx.getLease(r.Holder); err != nil {
			return l, err
		}
	}
	if !held {
		return l, lastcall.Errorf(lastcall.CodeLeaseLost, "the run is no longer the current one")
	}
	if err := tx.save(run, &r.Note); err != nil {
		return l, err
	}
	run.Input, run.Checkpoint = nil, nil
	run.parts &= 1 << partError // all else that is long is not wanted
	if err := tx.getParts(run); err != nil {
		return l, err
	}
	l = lastcall.Lease{Task: run.Task, Holder: r.Holder, ExpiresAt: expires}
	if run.CancelRequestedAt != nil {
		return l, nil
	}
	l.ExpiresAt = earlier(tx.now.Add(r.Length), ends)
	return l, tx.stmt("lease_extend").Time(l.ExpiresAt).Int(int64(r.Length)).Text(r.Holder).Run()
}

func (tx *tx) getLease(holder string) (expires, ends time.Time, held bool, err error) {
	st := tx.stmt("lease_get").Text(holder)
	err = each(st, func() error {
		expires, ends, held = st.ColTime(0), st.ColTime(1), true
		return nil
	})
	return expires, ends, held, err
}

// over is a lease that has run out.
type over struct {
	holder string
	task   taskID
	ends   time.Time
}

// endLeases takes back what is held by nobody any more, names it, and forgets leases that have stayed behind.
func (tx *tx) endLeases(sw *lastcall.Sweep, now time.Time, did *lastcall.Swept) error {
	var all []over
	st := tx.stmt("leases_over").Time(now).Int(int64(sw.LongestLapse())).Int(int64(sw.Limit))
	err := each(st, func() error {
		o := over{holder: st.ColText(0), ends: st.ColTime(2)}
		st.ColCopy(1, o.task[:])
		all = append(all, o)
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := tx.endLease(&o, sw.MaxCrashes, did); err != nil {
			return err
		}
	}
	did.Lapsed = len(did.Lapses)
	did.More = did.More || len(all) >= sw.Limit
	return nil
}

// endLease takes a task from a holder that has it still, and names it; of a task that is gone or somebody else's only the
// lease goes.
func (tx *tx) endLease(o *over, maxCrashes int, did *lastcall.Swept) error {
	if err := tx.stmt("lease_delete").Text(o.holder).Run(); err != nil {
		return err
	}
	r, err := tx.getRow(o.task)
	if lastcall.CodeOf(err) == lastcall.CodeNotFound {
		return nil
	}
	if err != nil || r.Status != lastcall.Running || r.Owner != o.holder {
		return err
	}
	was := *r
	ev := r.LeaseEnded(!o.ends.After(tx.now), maxCrashes, rand.Float64(), tx.now)
	did.Lapses = append(did.Lapses, lastcall.Lapse{Task: r.ID, Run: r.Run, Worker: r.Node})
	return tx.change(&was, r, ev)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
