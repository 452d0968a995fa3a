package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The part of workers outside in the walk. None of their leases runs out while it goes on.

// leasable is what Store.Lease should lease, in order.
func (m *model) leasable(r lastcall.LeaseRequest) []string {
	var queue []*lastcall.Task
	for _, t := range m.tasks {
		wanted := slices.ContainsFunc(r.Want, func(w lastcall.LeaseType) bool { return w.Type == t.Type })
		there := len(r.Queues) == 0 || slices.Contains(r.Queues, t.Queue)
		if t.Status == lastcall.Queued && wanted && there && !m.overdue(t) && !m.stops[t.Queue] {
			queue = append(queue, t)
		}
	}
	slices.SortFunc(queue, func(a, b *lastcall.Task) int {
		return cmp.Or(a.OrderKey().Compare(b.OrderKey()), cmp.Compare(a.ID, b.ID))
	})
	var picked []string
	for i, t := range queue {
		if t.Suspect() && i == 0 {
			return []string{t.ID}
		}
		if !t.Suspect() && len(picked) < r.Max {
			picked = append(picked, t.ID)
		}
	}
	return picked
}

// lent is what Store.Lease does to a task.
func (m *model) lent(l *lastcall.Lease, node string) {
	t := m.tasks[l.Task.ID]
	m.change(t, func() *lastcall.Event {
		t.Start(l.Holder, node, m.step)
		delete(m.logs, t.ID)
		return nil
	})
}

func (w *walk) lease() {
	n := w.anyNode()
	r := lastcall.LeaseRequest{
		Node: n.name, Max: 1 + w.rand.IntN(3), Length: time.Hour, Queues: one(w, nil, nil, []string{"slow", "none"}),
		Want: []lastcall.LeaseType{{Type: "a"}, {Type: one(w, "b", "c")}},
	}
	want := w.model.leasable(r)
	w.didf("lease %+v: %v", r, want)
	leases, err := n.store.Lease(w.ctx, r)
	w.must(err)
	got := make([]string, len(leases))
	for i, l := range leases {
		got[i] = l.Task.ID
	}
	if !slices.Equal(got, want) {
		w.Fatalf("leased %v, want %v", got, want)
	}
	for i := range leases {
		w.model.lent(&leases[i], n.name)
		w.agree(w.model.agree(leases[i].Task))
	}
}

// outside reports whether a worker outside runs the task.
func (w *walk) outside(t *lastcall.Task) bool {
	ownedHere := slices.ContainsFunc(w.nodes, func(n *node) bool { return n.incarnation == t.Owner })
	return t.Status == lastcall.Running && !ownedHere
}

func (w *walk) renew() {
	t := w.someTask()
	if t == nil || !w.outside(t) {
		return
	}
	r := lastcall.Renewal{
		Note:   lastcall.Note{Task: t.ID, Run: t.Run - int64(w.rand.IntN(2)*w.rand.IntN(2))},
		Holder: one(w, t.Owner, t.Owner, t.Owner, "another"), Length: time.Hour,
	}
	if w.rand.IntN(2) == 0 {
		r.Progress = &lastcall.Progress{Percent: float64(w.rand.IntN(101)), At: w.model.clock}
	}
	if w.rand.IntN(2) == 0 {
		r.Checkpoint = []byte(w.text())
	}
	code := lastcall.CodeLeaseLost
	if r.Holder == t.Owner {
		code = w.model.save(r.Note)
	}
	w.didf("renew %+v: %q", r, code)
	if _, err := w.anyNode().store.Renew(w.ctx, r); lastcall.CodeOf(err) != code {
		w.Fatalf("renew failed with %v, want the code %q", err, code)
	}
	w.agree(w.model.agree(w.task(t.ID)))
}
