package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// leased is a lease as a worker is told of it.
type leased struct {
	ID, Token  string
	ExpiresAt  time.Time `json:"expires_at"`
	Checkpoint json.RawMessage
	Task       lastcall.Task
}

type leases struct {
	Leases   []leased
	Draining bool
}

func (f *fixture) lease(body string) leases {
	f.t.Helper()
	var l leases
	f.ask("POST", "/v1/leases", body).wants(http.StatusOK).decode(&l)
	if l.Leases == nil {
		f.t.Error("no leases are null")
	}
	return l
}

// oneLease submits a task for workers outside and leases it.
func (f *fixture) oneLease() leased {
	f.t.Helper()
	f.submit(`{"type":"report","input":{"page":7}}`)
	l := f.lease(`{}`)
	if len(l.Leases) != 1 {
		f.t.Fatalf("leased %d tasks, want 1", len(l.Leases))
	}
	return l.Leases[0]
}

// say says a word of a lease. Body has no token and begins with a comma if it has anything.
func (f *fixture) say(l *leased, verb, body string) *answer {
	f.t.Helper()
	return f.ask("POST", "/v1/leases/"+l.ID+"/"+verb, fmt.Sprintf(`{"token":%q%s}`, l.Token, body))
}

func TestAWorkerOutsideLeasesWhatTheNodeHoldsForIt(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	l := f.oneLease()
	if l.Task.Type != "report" || l.Task.Status != lastcall.Running || string(l.Task.Input) != `{"page":7}` || l.Task.Node != "pod-a" ||
		string(l.Checkpoint) != "null" || l.Token == "" || time.Until(l.ExpiresAt) < 29*time.Second {
		t.Errorf("leased %+v", l)
	}
	if l := f.lease(`{"types":["echo","echo","report"],"queues":["b","a","b"],"max":3,"ttl":"1m"}`); len(l.Leases) != 1 || l.Draining {
		t.Errorf("leased %+v", l)
	}
	r := f.store.asked[1]
	if len(r.Want) != 2 || !slices.Equal(r.Queues, []string{"a", "b"}) || r.Max != 3 || r.Length != time.Minute || r.Node != "pod-a" {
		t.Errorf("asked for %+v", r)
	}
	f.lease(`{"types":null,"queues":[],"max":null,"wait":"0s","ttl":null}`)
	if r := f.store.asked[2]; len(r.Want) != 1 || len(r.Queues) != 0 || r.Max != 10 || r.Length != 30*time.Second {
		t.Errorf("asked for %+v", r)
	}
}

// Else the task says which node was asked, and an operator of five workers cannot tell which one dies.
func TestATaskSaysWhichWorkerHasIt(t *testing.T) {
	f := setUp(t)
	for body, want := range map[string]string{
		`{"worker":"renderer-3"}`: "renderer-3", `{"worker":null}`: "pod-a", `{"types":["report"],"worker":"日本 7"}`: "日本 7",
	} {
		f.submit(`{"type":"report"}`)
		l := f.lease(body).Leases[0]
		if l.Task.Node != want || f.ask("GET", taskPath+l.ID, "").task().Node != want {
			t.Errorf("%s: the task is at %q, want %q", body, l.Task.Node, want)
		}
		if done := f.say(&l, "complete", "").wants(http.StatusOK).task(); done.Node != want {
			t.Errorf("%s: the task was done at %q, want %q", body, done.Node, want)
		}
	}
}

func TestATypeThatNoNodeKnowsIsNotWaitedFor(t *testing.T) {
	f := setUp(t)
	f.ask("POST", "/v1/leases", `{"types":["echo","nobody"]}`).refused(lastcall.CodeUnknownType)
	f.store.nodes = []lastcall.Node{{Types: []string{"theirs"}}}
	elsewhere := setUp(t, func(o *Options) { o.Types = table{"echo": {Name: "echo"}} })
	elsewhere.store.nodes = f.store.nodes
	elsewhere.lease(`{"types":["theirs"]}`)
	elsewhere.ask("POST", "/v1/leases", `{}`).refused(lastcall.CodeUnknownType)
}

func TestARenewalKeepsWhatTheRunSaysAndTellsWhatIsAskedOfIt(t *testing.T) {
	f := setUp(t)
	l := f.oneLease()
	var r struct {
		ExpiresAt       time.Time `json:"expires_at"`
		CancelRequested bool      `json:"cancel_requested"`
		Draining        bool
	}
	f.say(&l, "renew", `,"progress":{"percent":140,"message":"on"},"checkpoint":{ "page": 4 }`).wants(http.StatusOK).decode(&r)
	if !r.ExpiresAt.After(l.ExpiresAt) || r.CancelRequested || r.Draining {
		t.Errorf("renewed: %+v", r)
	}
	task := f.ask("GET", taskPath+l.ID, "").task()
	if p := task.Progress; p == nil || p.Percent != 100 || p.Message != "on" || p.At.IsZero() {
		t.Errorf("the progress is %+v", p)
	}
	f.ask("POST", taskPath+l.ID+"/cancel", "").wants(http.StatusOK)
	f.drain.told.Store(true)
	if f.say(&l, "renew", `,"progress":null`).wants(http.StatusOK).decode(&r); !r.CancelRequested || !r.Draining {
		t.Errorf("renewed after a cancel by a node that stops: %+v", r)
	}
	f.say(&l, "release", "").wants(http.StatusOK)
	f.say(&l, "renew", "").refused(lastcall.CodeLeaseLost)
}

func TestACheckpointComesBackWithTheNextLease(t *testing.T) {
	f := setUp(t)
	l := f.oneLease()
	if task := f.say(&l, "release", `,"checkpoint":[1, 2]`).wants(http.StatusOK).task(); task.Status != lastcall.Queued || task.Attempt != 0 {
		t.Errorf("released: %+v", task)
	}
	again := f.lease(`{}`).Leases[0]
	if string(again.Checkpoint) != "[1,2]" || again.Task.Run != 2 {
		t.Errorf("the next lease is %+v", again)
	}
	f.say(&l, "complete", `,"output":1`).refused(lastcall.CodeLeaseLost)
	if task := f.say(&again, "release", `,"retry_after":"5m"`).wants(http.StatusOK).task(); task.Status != lastcall.Scheduled {
		t.Errorf("released for later: %+v", task)
	}
	f.store.change(l.ID, false, func(t *lastcall.Task) { t.ToQueue(); t.Checkpoint = []byte{0xff, 1} })
	if got := f.lease(`{}`).Leases[0]; string(got.Checkpoint) != `"/wE="` {
		t.Errorf("bytes are shown as %s", got.Checkpoint)
	}
}

// An answer may be lost on its way (G3).
func TestTheSameOutcomeIsAnsweredTwice(t *testing.T) {
	f := setUp(t)
	for _, c := range []struct {
		verb, body, other string
		status            lastcall.Status
	}{
		{"complete", `,"output":{"pages":10}`, `,"output":{"pages":11}`, lastcall.Succeeded},
		{"complete", ``, `,"output":1`, lastcall.Succeeded},
		{"fail", `,"error":{"code":"x","message":"m","detail":[1]},"permanent":true`, `,"error":{"code":"y"}`, lastcall.Failed},
		{"fail", `,"error":{},"retry_after":"1h"`, `,"error":{"code":"y"}`, lastcall.Scheduled},
		{"fail", `,"error":{"code":null},"permanent":false`, `,"error":{"code":"y"}`, lastcall.Scheduled},
	} {
		l := f.oneLease()
		first := f.say(&l, c.verb, c.body).wants(http.StatusOK)
		if got := first.task(); got.Status != c.status {
			t.Errorf("%s%s: the task is %s, want %s", c.verb, c.body, got.Status, c.status)
		}
		if again := f.say(&l, c.verb, c.body).wants(http.StatusOK); again.body != first.body {
			t.Errorf("the first time %s, then %s", first.body, again.body)
		}
		f.say(&l, c.verb, c.other).refused(lastcall.CodeLeaseLost)
		f.ask("POST", taskPath+l.ID+"/cancel", "")
	}
}

// G3, G10: whoever shows what is no token, or speaks of what is no task, holds nothing.
func TestWhatIsNoTokenIsALostLease(t *testing.T) {
	f := setUp(t)
	l := f.oneLease()
	for _, tok := range []string{
		"x", "1", "1.30000", "1.30000.", "1.30000.lease-A", "0" + l.Token[1:], "2" + l.Token[1:], l.Token + "A", l.Token[:len(l.Token)-1],
		"1.30000.incarnation-1", strings.Repeat("9", 1000), "1.1." + l.Token[8:], "1.99999999999." + l.Token[8:], "日本語",
	} {
		forged := l
		forged.Token = tok
		for _, verb := range []string{"renew", "complete", "release"} {
			f.say(&forged, verb, "").refused(lastcall.CodeLeaseLost)
		}
		f.say(&forged, "fail", `,"error":{}`).refused(lastcall.CodeLeaseLost)
	}
	for _, id := range []string{"nothing", strings.Repeat("x", 500), "%00", "%ff"} {
		other := l
		other.ID = id
		for _, verb := range []string{"renew", "complete", "release"} {
			f.say(&other, verb, "").refused(lastcall.CodeLeaseLost)
		}
		f.say(&other, "fail", `,"error":{}`).refused(lastcall.CodeLeaseLost)
	}
	f.say(&l, "complete", "").wants(http.StatusOK)
	for verb, body := range map[string]string{"complete": ``, "fail": `,"error":{},"permanent":true`, "release": ``} {
		l := f.oneLease()
		f.say(&l, verb, body).wants(http.StatusOK)
		l.Token = "1.30000.x" // and the outcome is guessed
		f.say(&l, verb, body).refused(lastcall.CodeLeaseLost)
		f.ask("POST", taskPath+l.ID+"/cancel", "")
	}
}

func TestWhatIsTooLongEndsTheTaskOrIsRefused(t *testing.T) {
	f := setUp(t)
	l := f.oneLease()
	f.say(&l, "renew", `,"checkpoint":"`+strings.Repeat("x", 1<<20)+`"`).refused(lastcall.CodeTooLarge)
	f.say(&l, "release", `,"checkpoint":"`+strings.Repeat("x", 1<<20)+`"`).refused(lastcall.CodeTooLarge)
	f.say(&l, "complete", `,"output":"`+strings.Repeat("x", 3<<20)+`"`).refused(lastcall.CodeTooLarge)
	task := f.say(&l, "complete", `,"output":"`+strings.Repeat("x", 1<<20)+`"`).wants(http.StatusOK).task()
	if task.Status != lastcall.Failed || task.Error == nil || task.Error.Code != lastcall.FailureOutputLarge {
		t.Errorf("an output over the limit left %s with %+v", task.Status, task.Error)
	}
	l = f.oneLease()
	long := strings.Repeat("ü", 10_000)
	task = f.say(&l, "fail", fmt.Sprintf(`,"error":{"code":%q,"message":%q},"permanent":true`, long, long)).wants(http.StatusOK).task()
	if len(task.Error.Code) > 128 || len(task.Error.Message) > 4096 {
		t.Errorf("an error has a code of %d and a message of %d bytes", len(task.Error.Code), len(task.Error.Message))
	}
}

// G6: with a peer nothing is refused; alone there is nothing to lease any more, and who holds a lease is heard.
func TestANodeThatStopsAloneLendsNothingAndHearsWhoHolds(t *testing.T) {
	f := setUp(t)
	l := f.oneLease()
	f.submit(`{"type":"report"}`)
	f.drain.told.Store(true)
	with := f.lease(`{}`)
	if len(with.Leases) != 1 || !with.Draining {
		t.Errorf("a node that stops and has a peer answers %+v", with)
	}
	f.submit(`{"type":"report"}`)
	f.drain.refusing.Store(true)
	if got := f.lease(`{"wait":"60s"}`); len(got.Leases) != 0 || !got.Draining {
		t.Errorf("a node that stops alone answers %+v", got)
	}
	f.say(&l, "renew", "").wants(http.StatusOK)
	f.say(&l, "complete", "").wants(http.StatusOK)
	f.say(&with.Leases[0], "release", "").wants(http.StatusOK)
	if f.drain.refused.Load() != 0 {
		t.Error("a call was counted as refused")
	}
}

func TestAWaitForWorkEndsWhenADrainNeedsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		waits := f.later(request(t, "POST", "/v1/leases", `{"wait":"90s"}`))
		time.Sleep(2500 * time.Millisecond)
		close(f.drain.ends)
		if a := <-waits; a.after != 2500*time.Millisecond || !strings.Contains(a.wants(http.StatusOK).body, `"leases":[]`) {
			t.Errorf("answered after %s with %s", a.after, a.body)
		}
		f.drain.ends = make(chan struct{})
		if a := <-f.later(request(t, "POST", "/v1/leases", `{"wait":"90s"}`)); a.after != time.Minute {
			t.Errorf("the longest wait took %s", a.after)
		}
	})
}
