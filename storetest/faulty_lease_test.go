package storetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The stores that lend with one fault each.

// lendingFaults are the cases that must fail on them.
var lendingFaults = map[string]struct {
	says  string
	fault func(lastcall.Store) lastcall.Store
}{
	"a lease outlasts its attempt": {
		"Lease starts a run for a holder that nobody can guess, within its timeout (G3)",
		func(s lastcall.Store) lastcall.Store { return endless{s} },
	},
	"the last come is lent first": {
		"Lease goes by the order key, within its types, queues and number, and leaves out what is paused",
		func(s lastcall.Store) lastcall.Store { return lentReversed{s} },
	},
	"a suspect is lent with others": {
		"Lease of a suspect is of nothing else", func(s lastcall.Store) lastcall.Store { return sociable{s} },
	},
	"a renewal keeps no checkpoint": {
		"Lease is renewed with what the run has to say, but not past its timeout, nor after a cancel",
		func(s lastcall.Store) lastcall.Store { return oblivious{s} },
	},
	"a cancel is not told to who renews": {
		"Lease is renewed with what the run has to say, but not past its timeout, nor after a cancel",
		func(s lastcall.Store) lastcall.Store { return tactful{s} },
	},
	"any holder is believed": {
		"Lease that another holds, or an old run did, renews and settles nothing (G3)",
		func(s lastcall.Store) lastcall.Store { return believing{s} },
	},
	"the clock decides": {
		"Lease that is over settles while nobody has taken the run, and twice what is the same (G3)",
		func(s lastcall.Store) lastcall.Store { return &punctual{Store: s} },
	},
	"no lease runs out": {
		"Lease that has run out is a crash of its task alone, at its timeout a failed attempt (G2, G4)",
		func(s lastcall.Store) lastcall.Store { return forgiving{s} },
	},
	"a lease runs out while nobody is there": {
		"Lease runs out before no sweeper that was not there for its whole length, or for two minutes",
		func(s lastcall.Store) lastcall.Store { return impatient{s} },
	},
	"a task is lent twice": {
		"Lease and claims by many at once take no task twice (G3)",
		func(s lastcall.Store) lastcall.Store { return &lentTwice{Store: s} },
	},
	"a lease is the word of one node": {
		"Lease survives a restart, and the death of the node that lent it (G9)",
		func(s lastcall.Store) lastcall.Store { return &personal{Store: s} },
	},
}

type endless struct{ lastcall.Store }

func (s endless) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	leases, err := s.Store.Lease(ctx, r)
	for i := range leases {
		leases[i].ExpiresAt = leases[i].Task.StartedAt.Add(r.Length)
	}
	return leases, err
}

type lentReversed struct{ lastcall.Store }

func (s lentReversed) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	leases, err := s.Store.Lease(ctx, r)
	slices.Reverse(leases)
	return leases, err
}

type sociable struct{ lastcall.Store }

func (s sociable) Lease(ctx context.Context, r lastcall.LeaseRequest) (all []lastcall.Lease, err error) {
	for range r.Max {
		r.Max = 1
		leases, err := s.Store.Lease(ctx, r)
		if len(leases) == 0 || err != nil {
			return all, err
		}
		all = append(all, leases...)
	}
	return all, nil
}

type oblivious struct{ lastcall.Store }

func (s oblivious) Renew(ctx context.Context, r lastcall.Renewal) (lastcall.Lease, error) {
	r.Checkpoint = nil
	return s.Store.Renew(ctx, r)
}

type tactful struct{ lastcall.Store }

func (s tactful) Renew(ctx context.Context, r lastcall.Renewal) (lastcall.Lease, error) {
	l, err := s.Store.Renew(ctx, r)
	l.Task.CancelRequestedAt = nil
	return l, err
}

type believing struct{ lastcall.Store }

func (s believing) Settle(ctx context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	o.Holder = ""
	return s.Store.Settle(ctx, o)
}

type punctual struct {
	lastcall.Store
	ends sync.Map
}

func (s *punctual) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	leases, err := s.Store.Lease(ctx, r)
	for _, l := range leases {
		s.ends.Store(l.Holder, l.ExpiresAt)
	}
	return leases, err
}

func (s *punctual) Settle(ctx context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	if ends, known := s.ends.Load(o.Holder); known && time.Now().After(ends.(time.Time)) {
		return lastcall.Task{}, lastcall.Errorf(lastcall.CodeLeaseLost, "too late")
	}
	return s.Store.Settle(ctx, o)
}

type forgiving struct{ lastcall.Store }

func (s forgiving) Sweep(ctx context.Context, sw lastcall.Sweep) (lastcall.Swept, error) {
	sw.Steady = 0
	return s.Store.Sweep(ctx, sw)
}

type impatient struct{ lastcall.Store }

func (s impatient) Sweep(ctx context.Context, sw lastcall.Sweep) (lastcall.Swept, error) {
	sw.Steady = 24 * time.Hour
	return s.Store.Sweep(ctx, sw)
}

type lentTwice struct {
	lastcall.Store
	last atomic.Pointer[lastcall.Lease]
}

func (s *lentTwice) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	got, err := s.Store.Lease(ctx, r)
	if before := s.last.Load(); before != nil && len(got) > 0 {
		got[0] = *before
	}
	if len(got) > 0 {
		s.last.CompareAndSwap(nil, &got[0])
	}
	return got, err
}

type personal struct {
	lastcall.Store
	lent sync.Map
}

func (s *personal) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	leases, err := s.Store.Lease(ctx, r)
	for _, l := range leases {
		s.lent.Store(l.Holder, true)
	}
	return leases, err
}

func (s *personal) Renew(ctx context.Context, r lastcall.Renewal) (lastcall.Lease, error) {
	if _, mine := s.lent.Load(r.Holder); !mine {
		return lastcall.Lease{}, lastcall.Errorf(lastcall.CodeLeaseLost, "not lent here")
	}
	return s.Store.Renew(ctx, r)
}
