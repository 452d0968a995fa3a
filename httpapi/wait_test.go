package httpapi

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// later asks in the background; the channel gives the answer, and how long it took.
func (f *fixture) later(r *http.Request) <-chan timed {
	ch := make(chan timed, 1)
	begun := time.Now()
	go func() { // ends with the answer, which the test waits for
		a := f.send(r)
		ch <- timed{a, time.Since(begun)}
	}()
	synctest.Wait()
	return ch
}

type timed struct {
	*answer
	after time.Duration
}

func (f *fixture) get(target string) *http.Request { return request(f.t, "GET", target, "") }

func TestAWaitEndsWithTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		id := f.submit(`{"type":"echo"}`).ID
		read := f.later(f.get("/v1/tasks/" + id + "?wait=30s"))
		time.Sleep(1300 * time.Millisecond)
		f.store.change(id, true, start)
		f.store.change(id, true, succeed)
		a := <-read
		if a.after != 1300*time.Millisecond || a.wants(http.StatusOK).task().Status != lastcall.Succeeded {
			t.Errorf("answered after %s with %s", a.after, a.body)
		}
		if n := f.waiter.listening(); n != 0 {
			t.Errorf("%d watchers are left", n)
		}
	})
}

func TestAWaitThatIsTooShortShowsTheTaskAsItStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		id := f.submit(`{"type":"echo"}`).ID
		read := f.later(f.get("/v1/tasks/" + id + "?wait=90s"))
		time.Sleep(time.Second)
		f.store.change(id, true, start)
		a := <-read
		if a.after != time.Minute {
			t.Errorf("a wait of 90s took %s, want the longest there is", a.after)
		}
		if a.wants(http.StatusOK).task().Status != lastcall.Running {
			t.Errorf("the task is shown as it was: %s", a.body)
		}
		if now := <-f.later(f.get("/v1/tasks/" + id + "?wait=0s")); now.after != 0 {
			t.Errorf("a wait of nothing took %s", now.after)
		}
	})
}

func TestALostHintCostsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		id := f.submit(`{"type":"echo"}`).ID
		read := f.later(f.get("/v1/tasks/" + id + "?wait=30s"))
		time.Sleep(2500 * time.Millisecond)
		f.store.change(id, false, succeed)
		if a := <-read; a.after != 3*time.Second || !a.task().Status.Done() {
			t.Errorf("answered after %s: %s", a.after, a.body)
		}
	})
}

// The change that falls between the submit and the watch would otherwise be missed.
func TestATaskThatIsDoneBeforeTheWatchBeginsIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		f.Handler = New(Options{
			Store: f.store, Drain: f.drain, Sockets: f.sockets, Types: table{"echo": {Name: "echo"}},
			Waiter: watchFunc(func(id string) (<-chan struct{}, func()) {
				f.store.change(id, false, succeed)
				return nil, func() {}
			}),
		})
		a := <-f.later(request(t, "POST", "/v1/tasks", `{"type":"echo"}`, "Prefer: wait=10"))
		if a.after != 0 || a.wants(http.StatusOK).task().Status != lastcall.Succeeded {
			t.Errorf("answered after %s: %s", a.after, a.body)
		}
	})
}

type watchFunc func(id string) (<-chan struct{}, func())

func (f watchFunc) WatchTask(id string) (changed <-chan struct{}, stop func()) { return f(id) }

func TestAWaitOutlivesAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		a := f.later(request(t, "POST", "/v1/tasks", `{"type":"echo"}`, "Prefer: wait=5"))
		f.store.breaks(lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"))
		got := <-a
		if got.after != 5*time.Second || got.wants(http.StatusAccepted).task().Status != lastcall.Queued {
			t.Errorf("what was accepted is answered after %s with %s", got.after, got.body)
		}
	})
}

func TestAWaitWatchesAWaiterThatGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		closed := make(chan struct{})
		close(closed)
		f.Handler = New(Options{
			Store: f.store, Drain: f.drain, Sockets: f.sockets, Types: table{"echo": {Name: "echo"}},
			Waiter: watchFunc(func(string) (<-chan struct{}, func()) { return closed, func() {} }),
		})
		f.submit(`{"type":"echo"}`)
		if a := <-f.later(f.get("/v1/tasks/0190-0001?wait=10s")); a.after != 10*time.Second {
			t.Errorf("answered after %s", a.after)
		}
		if n := f.store.count("task"); n > 20 {
			t.Errorf("the store was asked %d times in ten seconds", n)
		}
	})
}

// G7: calls that wait are answered early with what there is, unless their task runs here.
func TestADrainEndsTheWaitsOfTasksThatRunElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t, func(o *Options) {
			o.Here = func(t *lastcall.Task) bool { return t.Status == lastcall.Running && t.Owner == "incarnation-1" }
		})
		queued, here := f.submit(`{"type":"echo"}`).ID, f.submit(`{"type":"echo"}`).ID
		f.store.change(here, false, start)
		waitsElsewhere := f.later(f.get("/v1/tasks/" + queued + "?wait=30s"))
		waitsHere := f.later(f.get("/v1/tasks/" + here + "?wait=30s"))
		submits := f.later(request(t, "POST", "/v1/tasks", `{"type":"echo"}`, "Prefer: wait=30"))
		time.Sleep(time.Second)
		f.drain.Start("SIGTERM")
		time.Sleep(time.Second)
		close(f.drain.ends)
		if a := <-waitsElsewhere; a.after != 2*time.Second || a.wants(http.StatusOK).header.Get("Connection") != "close" {
			t.Errorf("a wait for a task that runs elsewhere ended after %s: %v", a.after, a.header)
		}
		if a := <-submits; a.after != 2*time.Second || a.wants(http.StatusAccepted).header.Get("Preference-Applied") != "wait=30" {
			t.Errorf("a submit that waits ended after %s", a.after)
		}
		time.Sleep(3500 * time.Millisecond)
		f.store.change(here, true, succeed)
		if a := <-waitsHere; a.after != 5500*time.Millisecond || a.task().Status != lastcall.Succeeded {
			t.Errorf("a wait for a task that runs here ended after %s with %s", a.after, a.body)
		}
	})
}

func TestAWaitForATaskThatIsHandedBackEndsThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t, func(o *Options) {
			o.Here = func(t *lastcall.Task) bool { return t.Status == lastcall.Running }
		})
		id := f.submit(`{"type":"echo"}`).ID
		f.store.change(id, false, start)
		read := f.later(f.get("/v1/tasks/" + id + "?wait=30s"))
		close(f.drain.ends)
		time.Sleep(2 * time.Second)
		f.store.change(id, true, func(t *lastcall.Task) { t.Reclaim(lastcall.ReleaseDrain, time.Now()) })
		if a := <-read; a.after != 2*time.Second || a.task().Status != lastcall.Queued {
			t.Errorf("answered after %s: %s", a.after, a.body)
		}
	})
}

func TestAWaitEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		id := f.submit(`{"type":"echo"}`).ID
		ctx, cancel := context.WithCancel(t.Context())
		read := f.later(f.get("/v1/tasks/" + id + "?wait=30s").WithContext(ctx))
		time.Sleep(time.Second)
		cancel()
		if a := <-read; a.after != time.Second {
			t.Errorf("went on for %s", a.after)
		}
		if n := f.waiter.listening(); n != 0 {
			t.Errorf("%d watchers are left", n)
		}
	})
}

func TestAPreferenceForWaitingIsReadAsTheRFCSays(t *testing.T) {
	for _, c := range []struct {
		prefer []string
		want   time.Duration
		ok     bool
	}{
		{nil, 0, false},
		{[]string{"wait=10"}, 10 * time.Second, true},
		{[]string{"WAIT = 10"}, 10 * time.Second, true},
		{[]string{`wait="10"`}, 10 * time.Second, true},
		{[]string{"respond-async, wait=10; foo=bar"}, 10 * time.Second, true},
		{[]string{"respond-async", "wait=10"}, 10 * time.Second, true},
		{[]string{"wait=10, wait=20", "wait=30"}, 10 * time.Second, true},
		{[]string{`note="a, wait=20", wait=10`}, 10 * time.Second, true},
		{[]string{`note="\", wait=20", wait=10`}, 10 * time.Second, true},
		{[]string{"wait=0"}, 0, true},
		{[]string{"wait=99999999999999999999"}, maxSeconds * time.Second, true},
		{[]string{"wait"}, 0, false},
		{[]string{"wait="}, 0, false},
		{[]string{"wait=-1"}, 0, false},
		{[]string{"wait=+1"}, 0, false},
		{[]string{"wait=1.5"}, 0, false},
		{[]string{"wait=10s"}, 0, false},
		{[]string{"await=10"}, 0, false},
		{[]string{`"wait=10`}, 0, false},
		{[]string{",;,=,"}, 0, false},
	} {
		if got, ok := preferredWait(http.Header{"Prefer": c.prefer}); got != c.want || ok != c.ok {
			t.Errorf("%q: %s, %t; want %s, %t", c.prefer, got, ok, c.want, c.ok)
		}
	}
}

func TestAPreferenceThatIsAppliedIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		a := <-f.later(request(t, "POST", "/v1/tasks", `{"type":"echo"}`, "Prefer: wait=3600"))
		if got := a.wants(http.StatusAccepted).header.Get("Preference-Applied"); got != "wait=60" || a.after != time.Minute {
			t.Errorf("Preference-Applied %q after %s", got, a.after)
		}
		a = <-f.later(request(t, "POST", "/v1/tasks", `{"type":"echo"}`, "Prefer: wait=soon"))
		if got := a.wants(http.StatusAccepted).header.Get("Preference-Applied"); got != "" || a.after != 0 {
			t.Errorf("Preference-Applied %q after %s", got, a.after)
		}
	})
}
