package storetest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The stores with one fault each. Each is a good store but for the one method that it replaces.

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

type careless struct{ lastcall.Store }

func (s careless) Forget(ctx context.Context, id string) error {
	if err := s.Store.Forget(ctx, id); lastcall.CodeOf(err) != lastcall.CodeNotFinished {
		return err
	}
	return nil
}

type hiding struct {
	lastcall.Store
	hidden sync.Map
}

func (s *hiding) Forget(ctx context.Context, id string) error {
	s.hidden.Store(id, true)
	return nil
}

func (s *hiding) Task(ctx context.Context, id string) (lastcall.Task, error) {
	if _, hidden := s.hidden.Load(id); hidden {
		return lastcall.Task{}, lastcall.Errorf(lastcall.CodeNotFound, "there is no such task")
	}
	return s.Store.Task(ctx, id)
}

type pretending struct{ lastcall.Store }

func (s pretending) PauseQueue(ctx context.Context, queue string, paused bool) (lastcall.Queue, error) {
	q, err := s.Store.PauseQueue(ctx, queue, false)
	q.Paused = paused
	return q, err
}

type hoarding struct{ lastcall.Store }

func (s hoarding) Save(ctx context.Context, n lastcall.Note) error {
	if before, err := s.Log(ctx, n.Task); err == nil && n.Log != nil {
		n.Log = slices.Concat(before, n.Log)
	}
	return s.Store.Save(ctx, n)
}

type nostalgic struct {
	lastcall.Store
	logs sync.Map
}

func (s *nostalgic) Log(ctx context.Context, id string) ([]byte, error) {
	log, err := s.Store.Log(ctx, id)
	if before, ok := s.logs.Load(id); ok && err == nil && len(log) == 0 {
		return before.([]byte), nil
	}
	s.logs.Store(id, log)
	return log, err
}

type chatty struct{ lastcall.Store }

func (s chatty) TaskEvents(ctx context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	t, err := s.Task(ctx, id)
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	return s.Events(ctx, t.Client, 0, 1000)
}

type ageing struct{ lastcall.Store }

func (s ageing) Nodes(ctx context.Context) ([]lastcall.Node, error) {
	all, err := s.Store.Nodes(ctx)
	for i, n := range all {
		all[i].Settled = n.SeenAt.Sub(n.Since)
	}
	return all, err
}

type trusting struct{ lastcall.Store }

func (s trusting) EnterAnnounce(ctx context.Context, incarnation string, peers []string) (bool, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return false, err
	}
	fit := slices.ContainsFunc(nodes, func(n lastcall.Node) bool { return n.Fit() && slices.Contains(peers, n.Incarnation) })
	if !fit {
		return false, nil
	}
	_, err = s.Beat(ctx, lastcall.Beat{Incarnation: incarnation, Phase: lastcall.PhaseAnnounce, Lease: longLease})
	return err == nil, err
}

type hasty struct{ lastcall.Store }

func (s hasty) EnterAnnounce(ctx context.Context, incarnation string, peers []string) (bool, error) {
	if len(peers) == 0 {
		return false, nil
	}
	_, err := s.Beat(ctx, lastcall.Beat{Incarnation: incarnation, Phase: lastcall.PhaseAnnounce, Lease: longLease})
	return err == nil, err
}

type immortal struct{ lastcall.Store }

func (s immortal) NewEpoch(context.Context) (int64, error) { return 1_000_000, nil }

type narrow struct{ lastcall.Store }

func (s narrow) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	return s.Store.Watch(ctx, func(hints []lastcall.Hint) {
		fn(slices.DeleteFunc(hints, func(h lastcall.Hint) bool { return h == lastcall.Hint{} }))
	})
}
