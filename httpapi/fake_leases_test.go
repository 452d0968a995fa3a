package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The part of the shelf that lends, and settles what was lent.

func (s *shelf) Lease(_ context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	err := s.begin("lease")
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.asked = append(s.asked, r)
	var leases []lastcall.Lease
	now := time.Now().UTC()
	for _, t := range s.tasks {
		wanted := slices.ContainsFunc(r.Want, func(w lastcall.LeaseType) bool { return w.Type == t.Type })
		if t.Status != lastcall.Queued || !wanted || len(leases) == r.Max {
			continue
		}
		t.Start(lastcall.NewHolder(), r.Node, now)
		leases = append(leases, lastcall.Lease{Task: *t, Holder: t.Owner, ExpiresAt: now.Add(r.Length)})
	}
	return leases, nil
}

func (s *shelf) Renew(_ context.Context, r lastcall.Renewal) (lastcall.Lease, error) {
	err := s.begin("renew")
	defer s.mu.Unlock()
	if err != nil {
		return lastcall.Lease{}, err
	}
	for _, t := range s.tasks {
		if t.ID != r.Task {
			continue
		}
		if !t.HeldBy(r.Holder, r.Run) {
			break
		}
		if r.Progress != nil {
			t.Progress = &lastcall.Progress{Percent: r.Progress.Percent, Message: r.Progress.Message, At: time.Now()}
		}
		if r.Checkpoint != nil {
			t.Checkpoint = r.Checkpoint
		}
		return lastcall.Lease{Task: *t, Holder: r.Holder, ExpiresAt: time.Now().UTC().Add(r.Length)}, nil
	}
	return lastcall.Lease{}, lastcall.Errorf(lastcall.CodeLeaseLost, "no row")
}

func (s *shelf) Settle(_ context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	err := s.begin("settle")
	defer s.mu.Unlock()
	if err != nil {
		return lastcall.Task{}, err
	}
	for _, t := range s.tasks {
		if t.ID == o.Task {
			_, _, err := t.Settle(&o, time.Now().UTC())
			return *t, err
		}
	}
	return lastcall.Task{}, lastcall.Errorf(lastcall.CodeNotFound, "no row")
}
