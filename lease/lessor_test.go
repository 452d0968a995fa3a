package lease

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// types are those of the node of these tests.
var types = []lastcall.TaskType{
	{Name: "own"}, {Name: "report", Pull: true, Timeout: time.Minute, Backoff: lastcall.Backoff{Base: time.Hour, Max: time.Hour}},
}

func newTested(o Options) (*shelf, *Lessor) {
	s := &shelf{}
	o.Node, o.Types = "pod-a", types
	return s, New(s, o)
}

// answered is what came of a request, and when.
type answered struct {
	loans []Loan
	err   error
	after time.Duration
}

// ask asks in the background.
func ask(ctx context.Context, l *Lessor, r Request) <-chan answered {
	ch := make(chan answered, 1)
	begun := time.Now()
	go func() { // ends with the answer, which the test waits for
		loans, err := l.Lease(ctx, r)
		ch <- answered{loans, err, time.Since(begun)}
	}()
	synctest.Wait()
	return ch
}

func queued(typ string) []lastcall.Hint { return []lastcall.Hint{{Type: typ}} }

func TestAWaitEndsWithTheHintOfATask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{})
		waits := ask(t.Context(), l, Request{Wait: time.Minute})
		time.Sleep(300 * time.Millisecond)
		s.add("own", "")
		l.Moved(queued("own")) // not of a type for workers outside, and none is named
		s.add("report", "")
		l.Moved(queued("report"))
		if a := <-waits; a.after != 300*time.Millisecond || len(a.loans) != 1 || a.loans[0].Task.Type != "report" {
			t.Errorf("after %s came %+v", a.after, a)
		}
		if a := <-ask(t.Context(), l, Request{Types: []string{"own"}}); len(a.loans) != 1 {
			t.Errorf("a type that is named is lent, whoever else runs it: %+v", a)
		}
		if a := <-ask(t.Context(), l, Request{}); a.after != 0 || a.loans != nil || a.err != nil {
			t.Errorf("who does not wait is answered with %+v", a)
		}
	})
}

func TestALostHintCostsAboutASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{})
		waits := ask(t.Context(), l, Request{Wait: time.Minute})
		s.add("report", "")
		if a := <-waits; len(a.loans) != 1 || a.after > pollEvery*5/4 {
			t.Errorf("after %s came %+v", a.after, a)
		}
	})
}

// A task is one hint, and sends one of those who wait to the store.
func TestOneTaskWakesOneOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var all []<-chan answered
		for range 100 {
			all = append(all, ask(ctx, l, Request{Wait: time.Minute, Max: 1}))
		}
		time.Sleep(2 * pace) // they have just looked
		before := s.looked()
		s.add("report", "")
		l.Moved(queued("report"))
		synctest.Wait()
		if a := <-all[0]; len(a.loans) != 1 {
			t.Errorf("the one that had waited longest got %+v", a)
		}
		if n := s.looked() - before; n > 2 { // the other as there may be more than the first could take
			t.Errorf("one task sent %d to the store", n)
		}
		time.Sleep(2 * pace)
		for range 3 {
			s.add("report", "")
		}
		l.Moved(queued("report")) // one hint for three: each that is full sends the next
		time.Sleep(4 * pace)
		for _, ch := range all[1:4] {
			if a := <-ch; len(a.loans) != 1 {
				t.Errorf("of three tasks one got %+v", a)
			}
		}
		before = s.looked()
		for range 10 {
			l.Moved([]lastcall.Hint{{}}) // anything may have moved
		}
		time.Sleep(pace)
		if n := s.looked() - before; n > 25 { // the polls of 96 go on
			t.Errorf("ten empty hints sent %d to the store", n)
		}
		cancel()
		for _, ch := range all[4:] {
			<-ch
		}
	})
}

// A hint does not say of which queue its task is: who wants one queue only must not keep it from the others.
func TestAWaitForOneQueueHidesNoTaskFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		picky := ask(ctx, l, Request{Wait: time.Minute, Queues: []string{"slow"}})
		other := ask(ctx, l, Request{Wait: time.Minute})
		time.Sleep(2 * pace)
		s.add("report", "fast")
		l.Moved(queued("report"))
		if a := <-other; a.after != 2*pace || len(a.loans) != 1 {
			t.Errorf("after %s came %+v", a.after, a)
		}
		time.Sleep(2 * pace)
		s.add("report", "slow")
		l.Moved(queued("report"))
		if a := <-picky; a.after > 5*pace || len(a.loans) != 1 {
			t.Errorf("after %s came %+v", a.after, a)
		}
		cancel()
	})
}

// A worker that hangs up while its lease is made has not heard of it: the task must not wait for a lease to run out, nor be
// charged with a crash (G4).
func TestALeaseOfWhichNobodyHeardIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{Lent: func(string) { t.Error("it was lent") }})
		ctx, cancel := context.WithCancel(t.Context())
		s.meddle = cancel
		id := s.add("report", "")
		if a := <-ask(ctx, l, Request{}); !errors.Is(a.err, context.Canceled) {
			t.Errorf("answered with %+v", a)
		}
		if task, _ := s.Task(ctx, id); task.Status != lastcall.Queued || task.Attempt != 0 || task.Crashes != 0 {
			t.Errorf("the task is %+v", task)
		}
		if o := s.outcomes[0]; o.Reason != lastcall.ReleaseLease {
			t.Errorf("its client is told that it was given back by a %s", o.Reason)
		}
	})
}

// G6, G8: a wait ends when a drain needs the connection, and soon after a node that is alone has nothing any more.
func TestADrainEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan struct{})
		var closed atomic.Bool
		s, l := newTested(Options{WaitsEnd: func() <-chan struct{} { return ends }, Closed: closed.Load})
		waits := ask(t.Context(), l, Request{Wait: time.Minute})
		time.Sleep(5 * time.Second)
		close(ends)
		if a := <-waits; a.after != 5*time.Second || a.loans != nil || a.err != nil {
			t.Errorf("after %s came %+v", a.after, a)
		}
		s.add("report", "")
		if a := <-ask(t.Context(), l, Request{Wait: time.Minute}); a.after != 0 || len(a.loans) != 1 {
			t.Errorf("in a drain with a peer: %+v", a)
		}
		ends = nil
		waits = ask(t.Context(), l, Request{Wait: time.Minute})
		closed.Store(true)
		s.add("report", "")
		if a := <-waits; a.after > 2*pollEvery || a.loans != nil {
			t.Errorf("alone: after %s %+v", a.after, a)
		}
	})
}

func TestLoansCarryWhatTheirRenewalsNeed(t *testing.T) {
	var lent, renewed, settled []string
	s, l := newTested(Options{
		Lent: func(typ string) { lent = append(lent, typ) }, Renewed: func(typ string) { renewed = append(renewed, typ) },
		Settled: func(typ string, became lastcall.Status, _ time.Duration) {
			settled = append(settled, typ+" "+string(became))
		},
		Draining: func() bool { return true },
	})
	s.add("report", "")
	loans, err := l.Lease(t.Context(), Request{TTL: 90 * time.Second})
	if err != nil || len(loans) != 1 {
		t.Fatal(loans, err)
	}
	of := loans[0]
	r, err := l.Renew(t.Context(), of.ID, of.Token, Renewal{Progress: &lastcall.Progress{Percent: -3, Message: strings.Repeat("ä", 5000)}})
	if err != nil || !r.Draining || s.renewals[0].Length != 90*time.Second {
		t.Errorf("renewed: %+v by %+v, %v", r, s.renewals, err)
	}
	if p := s.renewals[0].Progress; p.Percent != 0 || len(p.Message) != maxMessage || !p.At.IsZero() {
		t.Errorf("the progress is %v with %d bytes at %s, which is the store's to say", p.Percent, len(p.Message), p.At)
	}
	if _, err := l.Complete(t.Context(), of.ID, of.Token, []byte(`1`)); err != nil {
		t.Error(err)
	}
	if strings.Join(lent, ",") != "report" || strings.Join(renewed, ",") != "report" || strings.Join(settled, ",") != "report succeeded" {
		t.Errorf("heard of %v, %v and %v", lent, renewed, settled)
	}
}

func TestAFailureWaitsForTheBackoffOfItsType(t *testing.T) {
	s, l := newTested(Options{})
	fail := func(typ string, f Failure) lastcall.Outcome {
		s.add(typ, "")
		loans, err := l.Lease(t.Context(), Request{Types: []string{typ}})
		if err != nil || len(loans) != 1 {
			t.Fatal(loans, err)
		}
		if _, err := l.Fail(t.Context(), loans[0].ID, loans[0].Token, f); err != nil {
			t.Fatal(err)
		}
		return s.outcomes[len(s.outcomes)-1]
	}
	longest := time.Duration(0)
	for range 50 { // full jitter: each is a random part of an hour
		longest = max(longest, fail("report", Failure{}).Wait)
	}
	if longest < 10*time.Minute || longest > time.Hour {
		t.Errorf("the longest wait of a type with a backoff of an hour was %s", longest)
	}
	if o := fail("elsewhere", Failure{}); o.Wait > time.Second || o.Error.Code != lastcall.FailureError {
		t.Errorf("of a type that is not known here: %+v", o)
	}
	soon := time.Duration(0)
	if o := fail("report", Failure{RetryAfter: &soon, Permanent: true}); o.Wait != 0 || !o.Permanent {
		t.Errorf("with a wish of its own: %+v", o)
	}
}

// G3, G10: tokens are read as they are written, and nothing else is one.
func TestTokensAreReadAsTheyAreWritten(t *testing.T) {
	good := token{run: 7, ttl: 30 * time.Second, holder: lastcall.NewHolder()}
	if got, err := parseToken(good.String()); err != nil || got != good {
		t.Errorf("%+v is read as %+v, %v", good, got, err)
	}
	for _, s := range []string{
		"", ".", "..", "7", "7.30000", "7.30000.", ".30000.x", "7..x", "x.30000.x", "0.30000.x", "-1.30000.x", "7.4999.x", "7.3600001.x",
		"7.9223372036854775807.x", "9223372036854775808.30000.x", "7.30000." + strings.Repeat("x", maxToken),
	} {
		if _, err := parseToken(s); lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
			t.Errorf("%q is read with %v", s, err)
		}
	}
}

// Many at once, under the race detector.
func TestManyWorkersShareTheWork(t *testing.T) {
	s, l := newTested(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var done atomic.Int64
	var workers sync.WaitGroup
	for range 20 {
		workers.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				loans, err := l.Lease(ctx, Request{Wait: time.Minute, Max: 3})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				for _, of := range loans {
					if _, err := l.Complete(context.WithoutCancel(ctx), of.ID, of.Token, nil); err != nil {
						t.Error(err)
					}
					if done.Add(1) == 200 {
						cancel()
					}
				}
			}
		})
	}
	for range 200 {
		s.add("report", "")
		l.Moved(queued("report"))
	}
	workers.Wait()
	if n := done.Load(); n != 200 {
		t.Errorf("%d tasks were done", n)
	}
}

// G4: what a store has got before it failed is lent all the same: nobody else knows the holders, and the tasks would be taken
// for crashed.
func TestWhatWasLeasedBesideAnErrorIsLent(t *testing.T) {
	s, l := newTested(Options{})
	s.fails = lastcall.Errorf(lastcall.CodeStoreUnavailable, "gone in the next round")
	id := s.add("report", "")
	loans, err := l.Lease(t.Context(), Request{})
	if err != nil || len(loans) != 1 || loans[0].ID != id {
		t.Fatalf("lent %+v, %v", loans, err)
	}
	if loans, err := l.Lease(t.Context(), Request{Wait: time.Minute}); lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable || len(loans) != 0 {
		t.Errorf("of nothing and a failure there came %+v, %v", loans, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.meddle = cancel
	s.add("report", "")
	if _, err := l.Lease(ctx, Request{}); err == nil {
		t.Error("who has hung up was lent something")
	}
	if task, err := l.store.Task(t.Context(), "task-2"); err != nil || task.Status != lastcall.Queued || task.Crashes != 0 {
		t.Errorf("what nobody heard of is %+v, %v", task, err)
	}
}

// A poll makes up for hints that were lost. It takes one who looks, however many wait: they share connections with the
// beats of the node.
func TestOneLooksForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newTested(Options{})
		const most = 300
		var waits []<-chan answered
		for range most {
			waits = append(waits, ask(t.Context(), l, Request{Wait: time.Minute, Max: 1}))
		}
		picky := ask(t.Context(), l, Request{Wait: time.Minute, Types: []string{"report", "picked"}, Queues: []string{"slow"}})
		other := ask(t.Context(), l, Request{Wait: time.Minute, Types: []string{"report", "own"}, Max: 1})
		time.Sleep(10 * time.Second)
		if n := s.looked(); n < most+2+20 || n > most+2+60 {
			t.Errorf("in ten seconds %d who waited looked %d times", most+2, n)
		}
		s.add("own", "")
		s.add("picked", "slow")
		for range 3 {
			s.add("report", "")
		}
		time.Sleep(2 * pollEvery) // no hint has come
		for name, ch := range map[string]<-chan answered{"of another type": other, "of a queue": picky} {
			select {
			case a := <-ch:
				if len(a.loans) != 1 {
					t.Errorf("one %s got %+v", name, a)
				}
			default:
				t.Errorf("one %s still waits", name)
			}
		}
		soon := 0
		for _, ch := range waits {
			if a := <-ch; len(a.loans) == 1 && a.after < 13*time.Second {
				soon++
			}
		}
		if soon != 3 {
			t.Errorf("%d of 3 tasks came to one who waited", soon)
		}
	})
}
