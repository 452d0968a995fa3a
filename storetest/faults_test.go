package storetest

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// The stores below are good ones with one fault each, of the kind that a store may well have. The suite is worth as much
// as it finds them: each fault names a case that must fail on it. (That it holds for the good one is sqlite's own test.)
func TestTheSuiteFindsFaults(t *testing.T) {
	var successes atomic.Int64 // of all handles of the store that loses some
	for name, c := range map[string]struct {
		says  string
		fault func(lastcall.Store) lastcall.Store
	}{
		"a submit is answered and not written": {
			"Submit is on stable storage when it returns (G1)", func(s lastcall.Store) lastcall.Store { return &forgetful{Store: s} },
		},
		"a submit is written in two halves": {
			"Submit writes all tasks of a call or none (G10)", func(s lastcall.Store) lastcall.Store { return halved{s} },
		},
		"times in the zone of the machine": {
			"Submit goes by the store's clock, in UTC and microseconds", func(s lastcall.Store) lastcall.Store { return zoned{s} },
		},
		"no key is known again": {
			"Idempotency key used by many at once makes one task", func(s lastcall.Store) lastcall.Store { return keyless{s} },
		},
		"a task is claimed twice": {
			"Claim by many at once takes no task twice (G3)", func(s lastcall.Store) lastcall.Store { return &twice{Store: s} },
		},
		"the last come is served first": {
			"Claim goes by the order key, in which waiting weighs as priority does", func(s lastcall.Store) lastcall.Store { return reversed{s} },
		},
		"an old run is believed": {
			"Settle by a run that is not the current one changes nothing (G3)", func(s lastcall.Store) lastcall.Store { return credulous{s} },
		},
		"an output is tidied up": {
			"Settle keeps outputs of up to 1 MiB byte for byte, in the task and in the event",
			func(s lastcall.Store) lastcall.Store { return tidy{s} },
		},
		"a cancel is not passed on": {
			"Cancel reaches the node that runs it by its pulse, until the run has ended", func(s lastcall.Store) lastcall.Store { return deaf{s} },
		},
		"the dead are not missed": {
			"Crash gives back what the dead node ran, uncharged as an attempt and with its checkpoint (G4, G9)",
			func(s lastcall.Store) lastcall.Store { return idle{s} },
		},
		"a leave is only said": {
			"Leave gives back what still runs, uncharged, and silences the rest (G3, G4)",
			func(s lastcall.Store) lastcall.Store { return lingering{s} },
		},
		"nothing expires": {
			"Expiry ends waiting, queued or scheduled, with an event (G2, G5)", func(s lastcall.Store) lastcall.Store { return idle{s} },
		},
		"a mailbox has a new life each time": {
			"Mailbox keeps its epoch over a restart (G5)", func(s lastcall.Store) lastcall.Store { return reborn{s} },
		},
		"an event is left out": {
			"Events come in pages, in order and without a gap (G5)", func(s lastcall.Store) lastcall.Store { return gappy{s} },
		},
		"events come out of order": {
			"Events are gapless, ordered and there with their change, whoever writes meanwhile (G5)",
			func(s lastcall.Store) lastcall.Store { return &shuffled{Store: s} },
		},
		"a page begins with the end of the last one": {
			"List shows each task once while others come and end", func(s lastcall.Store) lastcall.Store { return &repeating{Store: s} },
		},
		"a count is off by one": {
			"Queues count what waits and runs, in the order of names", func(s lastcall.Store) lastcall.Store { return miscounting{s} },
		},
		"nobody is told": {
			"Hints come of types, states, cancels, events and changes", func(s lastcall.Store) lastcall.Store { return silent{s} },
		},
		"a call goes on in the background": {
			"Close leaves no goroutine behind", func(s lastcall.Store) lastcall.Store { return &leaky{Store: s, end: t.Context()} },
		},
		"one success in three loses its output": {
			"Everything agrees with the model, walk 1 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return &lossy{s, &successes} },
		},
		"a count is off by one, for the model": {
			"Everything agrees with the model, walk 2 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return miscounting{s} },
		},
		"an event is left out, in a storm": {
			"Everything holds in a storm of submits, claims, settles, cancels and sweeps (G2, G3, G5)",
			func(s lastcall.Store) lastcall.Store { return gappy{s} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			if said := try(t, c.says, openFaulty(t, c.fault)); len(said) == 0 {
				t.Errorf("%q held", c.says)
			} else {
				t.Logf("it says: %.300s", said[0])
			}
		})
	}
}

// openFaulty opens a store with a fault.
func openFaulty(t *testing.T, fault func(lastcall.Store) lastcall.Store) Open {
	t.Helper()
	dir := t.TempDir()
	return func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		s, err := sqlite.Open(tb.Context(), filepath.Join(dir, name), sqlite.Options{})
		if err != nil {
			tb.Fatal(err)
		}
		return fault(s)
	}
}

type forgetful struct {
	lastcall.Store
	n atomic.Int64
}

func (s *forgetful) Submit(ctx context.Context, all []lastcall.Submission) ([]lastcall.Submitted, error) {
	if s.n.Add(1) > 0 {
		return []lastcall.Submitted{{Task: all[0].NewTask("01900000-0000-7000-8000-000000000000", time.Now().UTC())}}, nil
	}
	return s.Store.Submit(ctx, all)
}

type halved struct{ lastcall.Store }

func (s halved) Submit(ctx context.Context, all []lastcall.Submission) ([]lastcall.Submitted, error) {
	half := len(all) / 2
	first, err := s.Store.Submit(ctx, all[:half])
	if err != nil {
		return nil, err
	}
	second, err := s.Store.Submit(ctx, all[half:])
	return append(first, second...), err
}

type zoned struct{ lastcall.Store }

func (s zoned) Submit(ctx context.Context, all []lastcall.Submission) ([]lastcall.Submitted, error) {
	answer, err := s.Store.Submit(ctx, all)
	for i := range answer {
		answer[i].Task.CreatedAt = answer[i].Task.CreatedAt.In(time.FixedZone("east", 3600))
	}
	return answer, err
}

type keyless struct{ lastcall.Store }

func (s keyless) Submit(ctx context.Context, all []lastcall.Submission) ([]lastcall.Submitted, error) {
	all = slices.Clone(all)
	for i := range all {
		all[i].Idempotency = nil
	}
	return s.Store.Submit(ctx, all)
}

type twice struct {
	lastcall.Store
	last atomic.Pointer[lastcall.Task]
}

func (s *twice) Claim(ctx context.Context, c lastcall.Claim) ([]lastcall.Task, error) {
	got, err := s.Store.Claim(ctx, c)
	if before := s.last.Load(); before != nil && len(got) > 0 {
		got[0] = *before
	}
	if len(got) > 0 {
		s.last.CompareAndSwap(nil, &got[0])
	}
	return got, err
}

type reversed struct{ lastcall.Store }

func (s reversed) Claim(ctx context.Context, c lastcall.Claim) ([]lastcall.Task, error) {
	got, err := s.Store.Claim(ctx, c)
	slices.Reverse(got)
	return got, err
}

type credulous struct{ lastcall.Store }

func (s credulous) Settle(ctx context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	t, err := s.Task(ctx, o.Task)
	if err != nil {
		return t, err
	}
	o.Run = t.Run
	return s.Store.Settle(ctx, o)
}

type tidy struct{ lastcall.Store }

func (s tidy) Settle(ctx context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	var v any
	if json.Unmarshal(o.Output, &v) == nil {
		o.Output, _ = json.Marshal(v)
	}
	return s.Store.Settle(ctx, o)
}

type deaf struct{ lastcall.Store }

func (s deaf) Beat(ctx context.Context, b lastcall.Beat) (lastcall.Pulse, error) {
	_, err := s.Store.Beat(ctx, b)
	return lastcall.Pulse{}, err
}

type idle struct{ lastcall.Store }

func (s idle) Sweep(context.Context, lastcall.Sweep) (lastcall.Swept, error) {
	return lastcall.Swept{}, nil
}

type lingering struct{ lastcall.Store }

func (s lingering) Leave(context.Context, string) error { return nil }

type reborn struct{ lastcall.Store }

func (s reborn) OpenMailbox(ctx context.Context, client string) (lastcall.Mailbox, error) {
	box, err := s.Store.OpenMailbox(ctx, client)
	box.Epoch = lastcall.NewEpoch()
	return box, err
}

type gappy struct{ lastcall.Store }

func (s gappy) Events(ctx context.Context, client string, after int64, limit int) (lastcall.Mailbox, []lastcall.Event, error) {
	box, events, err := s.Store.Events(ctx, client, after, limit)
	return box, slices.DeleteFunc(events, func(e lastcall.Event) bool { return e.Seq == 8 }), err
}

type shuffled struct {
	lastcall.Store
	n atomic.Int64
}

func (s *shuffled) Events(ctx context.Context, client string, after int64, limit int) (lastcall.Mailbox, []lastcall.Event, error) {
	box, events, err := s.Store.Events(ctx, client, after, limit)
	if len(events) > 1 && s.n.Add(1) > 5 {
		events[0], events[1] = events[1], events[0]
	}
	return box, events, err
}

type repeating struct {
	lastcall.Store
	last atomic.Pointer[lastcall.Task]
}

func (s *repeating) Tasks(ctx context.Context, f lastcall.Filter) (lastcall.TaskPage, error) {
	page, err := s.Store.Tasks(ctx, f)
	if before := s.last.Load(); before != nil && f.Before != "" && len(page.Tasks) > 0 {
		page.Tasks[0] = *before
	}
	if n := len(page.Tasks); n > 0 {
		s.last.Store(&page.Tasks[n-1])
	}
	return page, err
}

type miscounting struct{ lastcall.Store }

func (s miscounting) Queues(ctx context.Context) ([]lastcall.Queue, error) {
	all, err := s.Store.Queues(ctx)
	for i := range all {
		if all[i].Running > 0 {
			all[i].Running++
		}
	}
	return all, err
}

type silent struct{ lastcall.Store }

func (s silent) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	return s.Store.Watch(ctx, func(hints []lastcall.Hint) {
		fn(slices.DeleteFunc(hints, func(h lastcall.Hint) bool { return h.State != nil && h.State.Type == lastcall.TaskStarted }))
	})
}

type leaky struct {
	lastcall.Store
	end context.Context
}

func (s *leaky) Close() error {
	go func() { <-s.end.Done() }() // the fault: it outlives Close, and ends with the test
	return s.Store.Close()
}

type lossy struct {
	lastcall.Store
	n *atomic.Int64
}

func (s *lossy) Settle(ctx context.Context, o lastcall.Outcome) (lastcall.Task, error) {
	if o.Verdict == lastcall.Succeed && s.n.Add(1)%3 == 0 {
		o.Output = nil
	}
	return s.Store.Settle(ctx, o)
}

// The names of the cases are read as the specification: no two may say the same, and each promise that a store has a
// part in is named.
func TestTheSpecificationCanBeRead(t *testing.T) {
	seen := map[string]bool{}
	var all strings.Builder
	for _, s := range specification() {
		for _, c := range s.cases {
			sentence := s.subject + " " + c.says
			if seen[sentence] {
				t.Errorf("%q is said twice", sentence)
			}
			seen[sentence] = true
			all.WriteString(sentence + "\n")
		}
	}
	for _, promise := range []string{"G1", "G2", "G3", "G4", "G5", "G9", "G10", "G11"} {
		if !strings.Contains(all.String(), promise+")") && !strings.Contains(all.String(), promise+",") {
			t.Errorf("no case proves %s", promise)
		}
	}
}
