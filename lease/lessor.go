package lease

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Options say what a Lessor lends and how things are with its node. A function that is nil says no, or hears nothing.
type Options struct {
	Node   string
	Types  []lastcall.TaskType // of the node: their timeouts and backoffs; those that are Pull are lent to who names none
	Limits lastcall.Limits     // a zero field stands for its default

	Draining func() bool // the node was told to stop, so that a worker had better go on with another
	Closed   func() bool // …and lends nothing any more
	// WaitsEnd is closed when calls that wait are to be answered with what there is.
	WaitsEnd func() <-chan struct{}

	// What is heard of it. None of these may block.
	Lent    func(typ string)
	Renewed func(typ string)
	Settled func(typ string, became lastcall.Status, took time.Duration)
}

// The bounds of a request for work.
const (
	DefaultMax = 10
	MostMax    = 100
	DefaultTTL = 30 * time.Second
	LeastTTL   = 5 * time.Second
	MostTTL    = time.Hour
	MostNames  = 100 // types, and queues
)

// Lessor lends tasks. Its methods may be called concurrently.
type Lessor struct {
	store lastcall.Store
	o     Options
	types map[string]lastcall.TaskType
	pull  []string
	line  line
}

// New makes a Lessor. It starts no goroutine.
func New(store lastcall.Store, o Options) *Lessor {
	l := &Lessor{store: store, o: o.withDefaults(), types: map[string]lastcall.TaskType{}}
	for _, t := range o.Types {
		l.types[t.Name] = t
		if t.Pull {
			l.pull = append(l.pull, t.Name)
		}
	}
	return l
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.WithDefaults()
	never := func() bool { return false }
	if o.Draining == nil {
		o.Draining = never
	}
	if o.Closed == nil {
		o.Closed = never
	}
	if o.WaitsEnd == nil {
		o.WaitsEnd = func() <-chan struct{} { return nil }
	}
	if o.Lent == nil {
		o.Lent = func(string) {}
	}
	if o.Renewed == nil {
		o.Renewed = func(string) {}
	}
	if o.Settled == nil {
		o.Settled = func(string, lastcall.Status, time.Duration) {}
	}
	return o
}

// Request asks for work. What is out of bounds is the caller's to refuse.
type Request struct {
	Types  []string // none: those that the node holds for workers outside
	Queues []string // none: every queue
	Worker string   // what it calls itself, for operators; not who it is
	Max    int
	Wait   time.Duration // for the first task, if there is none yet
	TTL    time.Duration // of each lease, and of its renewals
}

// Loan is a task that was lent.
type Loan struct {
	ID, Token string
	ExpiresAt time.Time
	Task      lastcall.Task
}

// Lease lends tasks that are due, in the order of service. It returns as soon as there is one, when the wait is over, when
// a drain needs the connection, and when ctx ends. No task is no error. It fails with CodeUnknownType if no type is named
// and the node holds none for workers outside.
func (l *Lessor) Lease(ctx context.Context, r Request) ([]Loan, error) {
	q, err := l.request(&r)
	if err != nil {
		return nil, err
	}
	ends := l.o.WaitsEnd()
	w := l.line.join(q.Want, len(q.Queues) > 0)
	defer l.line.leave(w)
	clock := newClock(r.Wait)
	defer clock.stop()
	for !l.o.Closed() {
		l.line.looks(w) // before it does: what comes meanwhile wakes it again
		leases, err := l.store.Lease(ctx, q)
		if len(leases) > 0 { // beside an error too: nobody else knows of them, and the next call will hear of the error
			return l.lend(ctx, w, &q, leases)
		}
		if err != nil {
			return nil, err
		}
		if !clock.wait(ctx, &l.line, w, ends) {
			break
		}
	}
	return nil, nil
}

// request is r as the store takes it.
func (l *Lessor) request(r *Request) (lastcall.LeaseRequest, error) {
	q := lastcall.LeaseRequest{
		Queues: r.Queues, Max: cmp.Or(r.Max, DefaultMax), Length: cmp.Or(r.TTL, DefaultTTL),
		Node: cmp.Or(r.Worker, l.o.Node),
	}
	names := r.Types
	if len(names) == 0 {
		names = l.pull
	}
	if len(names) == 0 {
		return q, lastcall.Errorf(lastcall.CodeUnknownType, "this node holds no type for workers outside; name the types")
	}
	for _, name := range names {
		q.Want = append(q.Want, lastcall.LeaseType{Type: name, Timeout: l.types[name].Timeout})
	}
	return q, nil
}

// lend hands over what the store has leased.
func (l *Lessor) lend(ctx context.Context, w *waiter, q *lastcall.LeaseRequest, leases []lastcall.Lease) ([]Loan, error) {
	if len(leases) == q.Max || leases[0].Task.Suspect() {
		l.line.wakeNext(w) // there may be more
	}
	if err := context.Cause(ctx); err != nil {
		return nil, errors.Join(err, l.takeBack(leases))
	}
	loans := make([]Loan, len(leases))
	for i := range leases {
		of := &leases[i]
		loans[i] = Loan{
			ID: of.Task.ID, ExpiresAt: of.ExpiresAt, Task: of.Task,
			Token: token{run: of.Task.Run, ttl: q.Length, holder: of.Holder}.String(),
		}
		l.o.Lent(of.Task.Type)
	}
	return loans, nil
}

// callTimeout bounds a call of the store that nobody waits for.
const callTimeout = 10 * time.Second

// takeBack gives tasks back of which nobody has heard that they were lent.
func (l *Lessor) takeBack(leases []lastcall.Lease) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	for i := range leases {
		t := &leases[i].Task
		_, settled := l.store.Settle(ctx, lastcall.Outcome{
			Task: t.ID, Run: t.Run, Holder: leases[i].Holder, Verdict: lastcall.Release, Reason: lastcall.ReleaseLease,
		})
		err = errors.Join(err, settled)
	}
	return err
}
