// Package worker runs tasks: it claims them from a store, calls their handlers, renews the node's lease, settles what
// became of them, and hands back what cannot be finished in time.
//
// A Worker is one node's hands. It knows nothing but lastcall.Store, and three things shape it.
//
// It is event driven. The store's hints wake it, and a run that ends asks for the next task itself, so that the slow
// poll is only a floor under lost hints. Claims ask per type, for as many tasks as there are free slots (slots.go), so
// what is claimed always starts, and a type that is saturated hides no other.
//
// It does not trust handlers. Each runs in a goroutine of its own, beside one that watches over it (run.go). A handler
// that panics, that answers with no JSON, or that does not return after its context has ended costs its own attempt and
// nothing else: the watcher settles in its stead, the slot is free again, and what the handler still says is not
// written (G3). Its goroutine, which Go cannot end, is left behind: the only one in this package that nobody waits for.
//
// It does not trust its luck. While the store is away, outcomes are kept and settled once it is back (the fence makes
// repeating harmless), claims whose answer was lost are looked for (adopt.go), and nobody is declared dead until
// everyone has had the time to renew a lease (outage.go).
//
// The life of a Worker is New, Join, Run; beside Run the drain calls StopClaims, EarlyWord and HandBack.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Worker claims, runs and settles tasks for one node. Its methods may be called concurrently, and but for Join, Run and
// HandBack none of them blocks.
type Worker struct {
	store lastcall.Store
	o     Options
	log   *slog.Logger
	types map[string]*lastcall.TaskType // fixed by New

	wake      chan struct{} // buffer of 1: the claim loop looks again
	beatNow   chan struct{} // buffer of 1: the beat loop does not wait for its time
	sweepSoon chan struct{} // buffer of 1: the time of the next sweep has changed

	newWork    paced // there may be some that another process has brought
	newCancels paced // the same

	early chan struct{} // closed by EarlyWord
	cut   chan struct{} // closed when a hand-back has waited long enough for handlers
	quiet chan struct{} // closed when a hand-back has begun and no run and no claim is under way

	// hands is the context of every call that settles. It does not end with that of Run, which would lose outcomes, but
	// when a hand-back has no time left.
	hands     context.Context
	dropHands context.CancelFunc
	saves     sync.WaitGroup // writes of runs under way; none begins once its run is over

	mu          sync.Mutex
	incarnation string // "" while there is none: before Join, and after the lease was lost
	slots       slots
	runs        map[lastcall.RunRef]*run
	underway    int                 // claims and runs whose end is awaited
	claiming    bool                // a claim's answer is awaited
	stopped     bool                // no claims for now
	handingBack bool                // no claims ever again
	released    map[string]struct{} // tasks that were handed back since the early word
	counts      counts
	tempo       tempo
}

// counts are totals since New.
type counts struct {
	finished, handedBack, fenced, unsettled int
}

// New makes a Worker that is not yet part of anything. The options must name a store's types with their handlers; what
// they leave out gets its default.
func New(store lastcall.Store, o Options) (*Worker, error) {
	o = o.withDefaults()
	w := &Worker{
		store: store, o: o, log: o.Logger,
		types: make(map[string]*lastcall.TaskType, len(o.Types)),
		wake:  make(chan struct{}, 1), beatNow: make(chan struct{}, 1), sweepSoon: make(chan struct{}, 1),
		early: make(chan struct{}), cut: make(chan struct{}), quiet: make(chan struct{}),
		slots:    newSlots(o.Concurrency, o.Types),
		runs:     make(map[lastcall.RunRef]*run),
		released: make(map[string]struct{}),
		tempo:    tempo{heard: time.Now()},
	}
	w.newWork = newPaced(workPace, w.lookForWork)
	w.newCancels = newPaced(cancelPace, w.lookForCancels)
	w.hands, w.dropHands = context.WithCancel(context.Background())
	for i := range o.Types {
		t := &o.Types[i]
		if t.Name == "" || t.Handler == nil {
			return nil, fmt.Errorf("task type %q needs a name and a handler", t.Name)
		}
		if w.types[t.Name] != nil {
			return nil, fmt.Errorf("task type %q is given twice", t.Name)
		}
		w.types[t.Name] = t
	}
	return w, nil
}

// Join makes the node known to the store, as a new incarnation. It comes before Run.
func (w *Worker) Join(ctx context.Context) error {
	incarnation, err := w.store.Join(ctx, w.nodeInfo())
	w.saw(err)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	w.mu.Lock()
	w.incarnation = incarnation
	w.slots.refresh()
	w.mu.Unlock()
	notify(w.wake)
	return nil
}

func (w *Worker) nodeInfo() lastcall.NodeInfo {
	return lastcall.NodeInfo{
		Name: w.o.Node, Version: w.o.Version, Types: w.o.announced, Lease: w.o.Lease, Address: w.o.Address,
	}
}

// Run claims and runs tasks until ctx ends, and returns once all that it started has ended. The drain calls HandBack
// before it ends ctx; where nobody has, Run does so itself, with Options.StopTimeout for the handlers. The lease is
// renewed to the last, then the node leaves.
func (w *Worker) Run(ctx context.Context) error {
	if w.Incarnation() == "" {
		return errors.New("run: the node has not joined")
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // of the loops: they outlive ctx by the hand-back
	defer w.dropHands()
	var loops sync.WaitGroup // each loop ends with life, and is waited for below
	loops.Go(func() { w.beatLoop(life) })
	loops.Go(func() { w.newWork.run(life) })
	loops.Go(func() { w.newCancels.run(life) })
	loops.Go(func() {
		w.sweepFirst(life)
		loops.Go(func() { w.sweepLoop(life) })
		w.claimLoop(life)
	})

	<-ctx.Done()
	bound, cancel := context.WithTimeout(context.Background(), w.o.StopTimeout+callTimeout)
	defer cancel()
	w.HandBack(bound, w.o.StopTimeout)
	end()
	loops.Wait()
	w.saves.Wait()
	return w.leave()
}

// leave ends the incarnation. What could not be settled is taken from it by the store, so that nobody has to wait for
// the lease to run out.
func (w *Worker) leave() error {
	incarnation := w.Incarnation()
	if incarnation == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if err := w.store.Leave(ctx, incarnation); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// notify wakes whoever waits on c, a channel with a buffer of one: a wake-up that is already there will do.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
