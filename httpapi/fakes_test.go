package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// shelf is a store in memory that does what it is told, failures included. It applies the rules of package lastcall and
// promises nothing else of what a Store promises.
type shelf struct {
	lastcall.Store
	changed func(id string)

	mu     sync.Mutex
	tasks  []*lastcall.Task // oldest first
	keys   map[string]*lastcall.Task
	digest map[string]string
	nodes  []lastcall.Node
	logs   map[string][]byte
	box    lastcall.Mailbox
	events []lastcall.Event // of every task
	paused []string
	fail   error // what every call answers
	filter lastcall.Filter
	asked  []lastcall.LeaseRequest
	calls  map[string]int
}

func newShelf() *shelf {
	return &shelf{
		changed: func(string) {},
		keys:    map[string]*lastcall.Task{}, digest: map[string]string{}, calls: map[string]int{},
	}
}

// begin counts a call and answers whether it is to fail. It returns with mu held.
func (s *shelf) begin(call string) error {
	s.mu.Lock()
	s.calls[call]++
	return s.fail
}

func (s *shelf) Submit(_ context.Context, list []lastcall.Submission) ([]lastcall.Submitted, error) {
	err := s.begin("submit")
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	first := map[string]string{} // digests of this call
	for i := range list {
		k := list[i].Idempotency
		if k == nil {
			continue
		}
		name := k.Scope + "\x00" + k.Key
		known, there := s.digest[name]
		if !there {
			known, there = first[name]
		}
		if there && known != k.Digest {
			return nil, &lastcall.Error{Code: lastcall.CodeIdempotencyMismatch, Detail: "no row", Fields: []lastcall.FieldError{{Item: &i}}}
		}
		first[name] = k.Digest
	}
	done := make([]lastcall.Submitted, len(list))
	for i := range list {
		done[i] = s.submit(&list[i])
	}
	return done, nil
}

func (s *shelf) submit(sub *lastcall.Submission) lastcall.Submitted {
	k := sub.Idempotency
	if k != nil {
		if first := s.keys[k.Scope+"\x00"+k.Key]; first != nil {
			return lastcall.Submitted{Task: *first, Replayed: true}
		}
	}
	t := sub.NewTask(fmt.Sprintf("0190-%04d", len(s.tasks)+1), time.Now().UTC().Truncate(time.Microsecond))
	s.tasks = append(s.tasks, &t)
	if k != nil {
		s.keys[k.Scope+"\x00"+k.Key], s.digest[k.Scope+"\x00"+k.Key] = &t, k.Digest
	}
	return lastcall.Submitted{Task: t}
}

func (s *shelf) Task(_ context.Context, id string) (lastcall.Task, error) {
	err := s.begin("task")
	defer s.mu.Unlock()
	if err != nil {
		return lastcall.Task{}, err
	}
	return s.find(id)
}

func (s *shelf) find(id string) (lastcall.Task, error) {
	for _, t := range s.tasks {
		if t.ID == id {
			return *t, nil
		}
	}
	return lastcall.Task{}, lastcall.Errorf(lastcall.CodeNotFound, "no row")
}

func (s *shelf) Cancel(_ context.Context, id string) (lastcall.Task, error) {
	err := s.begin("cancel")
	defer s.mu.Unlock()
	if err != nil {
		return lastcall.Task{}, err
	}
	for _, t := range s.tasks {
		if t.ID == id {
			t.Cancel(time.Now().UTC())
		}
	}
	return s.find(id)
}

func (s *shelf) Forget(_ context.Context, id string) error {
	err := s.begin("forget")
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	t, err := s.find(id)
	if err == nil && !t.Status.Done() {
		return lastcall.Errorf(lastcall.CodeNotFinished, "no row")
	}
	s.tasks = slices.DeleteFunc(s.tasks, func(t *lastcall.Task) bool { return t.ID == id })
	return err
}

func (s *shelf) PauseQueue(_ context.Context, name string, paused bool) (lastcall.Queue, error) {
	err := s.begin("pause")
	defer s.mu.Unlock()
	s.paused = append(s.paused, fmt.Sprint(name, " ", paused))
	return lastcall.Queue{Name: name, Paused: paused, Queued: 1, OldestQueued: time.Second}, err
}

func (s *shelf) Log(_ context.Context, id string) ([]byte, error) {
	err := s.begin("log")
	defer s.mu.Unlock()
	if err == nil {
		_, err = s.find(id)
	}
	return s.logs[id], err
}

func (s *shelf) TaskEvents(_ context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	err := s.begin("task events")
	defer s.mu.Unlock()
	if err == nil {
		_, err = s.find(id)
	}
	return s.box, s.events, err
}

// Tasks pages by the id of the last task.
func (s *shelf) Tasks(_ context.Context, f lastcall.Filter) (lastcall.TaskPage, error) {
	err := s.begin("tasks")
	defer s.mu.Unlock()
	s.filter = f
	if err != nil {
		return lastcall.TaskPage{}, err
	}
	if _, err := s.find(f.Before); f.Before != "" && err != nil {
		return lastcall.TaskPage{}, lastcall.Errorf(lastcall.CodeInvalidRequest, "no such cursor")
	}
	var page lastcall.TaskPage
	for _, t := range slices.Backward(s.tasks) {
		switch {
		case f.Before != "" && t.ID >= f.Before, f.Type != "" && t.Type != f.Type, f.Client != "" && t.Client != f.Client:
		case len(page.Tasks) == f.Limit:
			page.Next = page.Tasks[len(page.Tasks)-1].ID
			return page, nil
		default:
			page.Tasks = append(page.Tasks, *t)
		}
	}
	return page, nil
}

func (s *shelf) Queues(context.Context) ([]lastcall.Queue, error) {
	err := s.begin("queues")
	defer s.mu.Unlock()
	byName := map[string]*lastcall.Queue{}
	var list []lastcall.Queue
	for _, t := range s.tasks {
		q := byName[t.Queue]
		if q == nil {
			q = &lastcall.Queue{Name: t.Queue}
			byName[t.Queue] = q
		}
		switch t.Status {
		case lastcall.Queued:
			q.Queued++
			q.OldestQueued = max(q.OldestQueued, 1500*time.Millisecond)
		case lastcall.Scheduled:
			q.Scheduled++
		case lastcall.Running:
			q.Running++
		default:
		}
	}
	for _, q := range byName {
		list = append(list, *q)
	}
	slices.SortFunc(list, func(a, b lastcall.Queue) int { return compare(a.Name, b.Name) })
	return list, err
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (s *shelf) Nodes(context.Context) ([]lastcall.Node, error) {
	err := s.begin("nodes")
	defer s.mu.Unlock()
	return slices.Clone(s.nodes), err
}

// breaks makes every call fail from now on; nil mends it.
func (s *shelf) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *shelf) count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// writes counts the calls that change something.
func (s *shelf) writes() int {
	return s.count("submit") + s.count("cancel") + s.count("forget") + s.count("pause") + s.count("lease") + s.count("renew") + s.count("settle")
}

// change does something to a task and lets its watchers know, unless the hint is to be lost.
func (s *shelf) change(id string, hint bool, do func(*lastcall.Task)) {
	s.mu.Lock()
	for _, t := range s.tasks {
		if t.ID == id {
			do(t)
		}
	}
	s.mu.Unlock()
	if hint {
		s.changed(id)
	}
}

func start(t *lastcall.Task) { t.Start("incarnation-1", "pod-a", time.Now().UTC()) }

func succeed(t *lastcall.Task) {
	if t.Status != lastcall.Running {
		start(t)
	}
	o := lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Succeed, Output: []byte(`"done"`)}
	if _, _, err := t.Settle(&o, time.Now().UTC()); err != nil {
		panic(err)
	}
}

// bell is a Waiter.
type bell struct {
	mu       sync.Mutex
	watchers map[string][]chan struct{}
}

func newBell() *bell { return &bell{watchers: map[string][]chan struct{}{}} }

func (b *bell) WatchTask(id string) (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[id] = append(b.watchers[id], ch)
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.watchers[id] = slices.DeleteFunc(b.watchers[id], func(c chan struct{}) bool { return c == ch })
	}
}

func (b *bell) ring(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.watchers[id] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func (b *bell) listening() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, w := range b.watchers {
		n += len(w)
	}
	return n
}

// script is a Drain that is where a test puts it.
type script struct {
	told, unready, refusing atomic.Bool
	refused                 atomic.Int32
	reason                  atomic.Value
	ends                    chan struct{}
}

func newScript() *script { return &script{ends: make(chan struct{})} }

func (s *script) Phase() string {
	if s.told.Load() {
		return "finish"
	}
	return "ready"
}
func (s *script) Ready() bool               { return !s.unready.Load() }
func (s *script) Told() bool                { return s.told.Load() }
func (s *script) Leaving() bool             { return s.told.Load() }
func (s *script) Refusing() bool            { return s.refusing.Load() }
func (s *script) CountRefused()             { s.refused.Add(1) }
func (s *script) WaitsEnd() <-chan struct{} { return s.ends }
func (s *script) Start(reason string)       { s.reason.Store(reason); s.told.Store(true) }
func (s *script) Status() any {
	signal, _ := s.reason.Load().(string)
	return map[string]any{
		"phase": s.Phase(), "signal": signal, "since": time.Now().UTC(), "deadline": nil,
		"waiting_for": map[string]any{"tasks": []string{}, "connections": 0}, "report": nil,
	}
}

// table is the types of the node.
type table map[string]lastcall.TaskType

func (t table) Lookup(name string) (lastcall.TaskType, bool) {
	typ, ok := t[name]
	return typ, ok
}

// doors is Sockets: it notes who came in.
type doors struct {
	mu   sync.Mutex
	came []Identity
}

func (d *doors) Serve(w http.ResponseWriter, _ *http.Request, who Identity) {
	d.mu.Lock()
	d.came = append(d.came, who)
	d.mu.Unlock()
	w.WriteHeader(http.StatusSwitchingProtocols)
}
