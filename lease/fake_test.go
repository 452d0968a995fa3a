package lease

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a store in memory that lends. It applies the rules of package lastcall and promises nothing else.
type shelf struct {
	lastcall.Store

	mu       sync.Mutex
	tasks    []*lastcall.Task
	looks    int // calls of Lease
	renewals []lastcall.Renewal
	outcomes []lastcall.Outcome
	meddle   func() // while a lease is being made
	fails    error  // what a lease fails with, after it has taken what there is
}

// add queues a task, and returns its id.
func (s *shelf) add(typ, queue string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := lastcall.Submission{Type: typ, Queue: queue}
	t := sub.NewTask(fmt.Sprintf("task-%d", len(s.tasks)+1), time.Now())
	s.tasks = append(s.tasks, &t)
	return t.ID
}

func (s *shelf) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

func (s *shelf) Lease(_ context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.meddle != nil {
		s.meddle()
	}
	var leases []lastcall.Lease
	for _, t := range s.tasks {
		wanted := slices.ContainsFunc(r.Want, func(w lastcall.LeaseType) bool { return w.Type == t.Type })
		there := len(r.Queues) == 0 || slices.Contains(r.Queues, t.Queue)
		if t.Status == lastcall.Queued && wanted && there && len(leases) < r.Max {
			t.Start(lastcall.NewHolder(), r.Node, time.Now())
			leases = append(leases, lastcall.Lease{Task: *t, Holder: t.Owner, ExpiresAt: time.Now().Add(r.Length)})
		}
	}
	return leases, s.fails
}

func (s *shelf) Renew(_ context.Context, r lastcall.Renewal) (lastcall.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals = append(s.renewals, r)
	t, err := s.find(r.Task)
	if err != nil {
		return lastcall.Lease{}, err
	}
	if !t.HeldBy(r.Holder, r.Run) {
		return lastcall.Lease{}, lastcall.Errorf(lastcall.CodeLeaseLost, "gone")
	}
	return lastcall.Lease{Task: *t, ExpiresAt: time.Now().Add(r.Length)}, nil
}

func (s *shelf) Settle(_ context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, o)
	t, err := s.find(o.Task)
	if err != nil {
		return lastcall.Task{}, err
	}
	_, _, err = t.Settle(&o, time.Now())
	return *t, err
}

func (s *shelf) Task(_ context.Context, id string) (lastcall.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(id)
	if err != nil {
		return lastcall.Task{}, err
	}
	return *t, nil
}

// find is a task by its id. The mutex is held.
func (s *shelf) find(id string) (*lastcall.Task, error) {
	for _, t := range s.tasks {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, lastcall.Errorf(lastcall.CodeNotFound, "no row")
}
