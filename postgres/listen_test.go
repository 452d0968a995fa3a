package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// ear gathers what a store tells.
type ear struct {
	mu    sync.Mutex
	hints []lastcall.Hint
}

// listenTo has an ear at a store until the test ends.
func listenTo(t *testing.T, s *Store) *ear {
	t.Helper()
	e := &ear{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // ended by cancel, waited for by the clean-up
		defer close(ended)
		_ = s.Watch(ctx, func(h []lastcall.Hint) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.hints = append(e.hints, h...)
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return e
}

func (e *ear) heard(like func(lastcall.Hint) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.hints, like)
}

func (e *ear) count(like lastcall.Hint) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.hints {
		if h == like {
			n++
		}
	}
	return n
}

func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hints = nil
}

func (e *ear) heardAnything() bool {
	return e.heard(func(h lastcall.Hint) bool { return h == lastcall.Hint{} })
}

// until asks until something is true, and fails the test if it never becomes so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		<-again.C
	}
}

// hearsFrom waits until what one store submits is told by name to those who watch the other.
func (e *ear) hearsFrom(t *testing.T, s *Store) {
	t.Helper()
	n := 0
	until(t, "another node's submit is told by its type", func() bool {
		n++
		typ := fmt.Sprint("type", n)
		if _, err := s.Submit(t.Context(), []lastcall.Submission{{Type: typ, Queue: "default", Client: "alice", MaxAttempts: 1}}); err != nil {
			return false // the database may be on its way back
		}
		return e.heard(func(h lastcall.Hint) bool { return strings.HasPrefix(h.Type, "type") })
	})
}

// killListeners ends the sessions that listen, and counts them.
func killListeners(t *testing.T, at string) int {
	t.Helper()
	return one[int](t, at, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE query LIKE 'LISTEN%' AND datname = current_database()`)
}

// What was not heard while nobody listened is looked for (G5): each beginning is followed by the hint that anything may
// have moved.
func TestAListenerWhoseSessionIsEndedListensAgainAndTellsThatAnythingMayHaveMoved_G5(t *testing.T) {
	at := pg.Shared(t).Create(t, "listeners")
	here, there := openAt(t, at), openAt(t, at)
	defer here.Close()
	defer there.Close()
	e := listenTo(t, here)
	e.hearsFrom(t, there)
	e.forget()
	if n := killListeners(t, at); n != 2 {
		t.Fatalf("%d sessions listened, want 2", n)
	}
	// One when it was lost, and one when it had begun anew: what moved in between is behind the second alone.
	until(t, "two empty hints came", func() bool { return e.count(lastcall.Hint{}) >= 2 })
	e.forget()
	e.hearsFrom(t, there)
}

// A database that is restarted, hard, skips nothing: numbers go on, and so does the telling (G5).
func TestAServerThatIsRestartedSkipsNothing_G5(t *testing.T) {
	server := pg.Start(t)
	at := server.Create(t, "restarted")
	here, there := openAt(t, at), openAt(t, at)
	defer here.Close()
	defer there.Close()
	e := listenTo(t, here)
	e.hearsFrom(t, there)
	first := submitted(t, there)
	if _, err := there.Cancel(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	server.Stop(t, pg.Immediate)
	if _, err := there.Cancel(t.Context(), first.ID); lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
		t.Fatalf("a call to a database that is not there returned %v", err)
	}
	e.forget()
	server.Start(t)
	until(t, "an empty hint came", e.heardAnything)
	e.forget()
	e.hearsFrom(t, there)
	second := submitted(t, there)
	if _, err := there.Cancel(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	box, events, err := here.Events(t.Context(), "alice", 0, 100)
	if err != nil || box.Head != 2 || len(events) != 2 || events[0].Task != first.ID || events[1].Task != second.ID {
		t.Fatalf("%+v with %+v, %v", box, events, err)
	}
}

// What a run says of its progress, and that it is to stop, reaches a watcher on another node.
func TestStatesAndCancelsAreToldOnOtherNodes(t *testing.T) {
	at := pg.Shared(t).Create(t, "states")
	here, there := openAt(t, at), openAt(t, at)
	defer here.Close()
	defer there.Close()
	e := listenTo(t, here)
	e.hearsFrom(t, there)
	inc, err := there.Join(t.Context(), lastcall.NodeInfo{Name: "there", Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	task := submitted(t, there)
	claimed, err := there.Claim(t.Context(), lastcall.Claim{Incarnation: inc, Want: []lastcall.Want{{Type: "a", Max: 1}}, Max: 1})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%v, %v", claimed, err)
	}
	err = there.Save(t.Context(), lastcall.Note{Task: task.ID, Run: 1, Progress: &lastcall.Progress{Percent: 42, At: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "progress came", func() bool {
		return e.heard(func(h lastcall.Hint) bool {
			return h.State != nil && h.State.Task == task.ID && h.State.Type == lastcall.TaskProgress && h.Client == "alice"
		})
	})
	if _, err := there.Cancel(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	until(t, "the cancel came", func() bool {
		return e.heard(func(h lastcall.Hint) bool { return h.Canceled && h.Task == task.ID })
	})
}

// Names fill a notification, and the most that PostgreSQL takes is 7999 bytes: what does not fit is an empty hint.
func TestWhatDoesNotFitANotificationBecomesAnEmptyHint(t *testing.T) {
	for name, c := range map[string]struct {
		hints int
		hint  func(i int) lastcall.Hint
		all   bool
	}{
		"one":              {1, func(int) lastcall.Hint { return lastcall.Hint{Type: "a"} }, false},
		"many clients":     {100, func(i int) lastcall.Hint { return lastcall.Hint{Client: fmt.Sprint("client", i)} }, false},
		"more than fit":    {1000, func(i int) lastcall.Hint { return lastcall.Hint{Client: fmt.Sprint(strings.Repeat("c", 120), i)} }, true},
		"more than waits":  {outboxMost + 1, func(i int) lastcall.Hint { return lastcall.Hint{Task: strconv.Itoa(i)} }, true},
		"what JSON blows":  {40, func(i int) lastcall.Hint { return lastcall.Hint{Client: fmt.Sprint(strings.Repeat("<", 126), i)} }, true},
		"an empty hint":    {1, func(int) lastcall.Hint { return lastcall.Hint{} }, true},
		"what is no state": {1, func(int) lastcall.Hint { return lastcall.Hint{State: &lastcall.State{Data: json.RawMessage("{")}} }, true},
	} {
		o := newOutbox()
		for i := range c.hints {
			o.put([]lastcall.Hint{c.hint(i)})
		}
		var told []lastcall.Hint
		messages := o.take("me")
		for _, text := range messages {
			if len(text) >= 8000 {
				t.Errorf("%s: a notification of %d bytes", name, len(text))
			}
			var m message
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				t.Fatal(err)
			}
			told = append(told, m.hints()...)
		}
		all := len(told) == 1 && told[0] == lastcall.Hint{}
		if all != c.all || !all && len(told) != c.hints || len(messages) > messagesMost {
			t.Errorf("%s: told %d hints in %d notifications, all %v", name, len(told), len(messages), all)
		}
	}
}

// States come as far as there is room, and what else there is to tell is told whole.
func TestStatesGiveWayToWhatMustBeTold(t *testing.T) {
	o := newOutbox()
	for i := range 1000 {
		task := fmt.Sprintf("%036d", i)
		o.put([]lastcall.Hint{{Type: "a", Client: "alice", Task: task, State: &lastcall.State{
			Task: task, Type: lastcall.TaskProgress, Data: json.RawMessage(`{"percent":1}`),
		}}})
	}
	o.tasks = map[string]bool{"x": true}
	states := 0
	for _, text := range o.take("me") {
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.All {
			t.Fatalf("%s: %v", text, err)
		}
		states += len(m.States)
	}
	if states < 100 || states > 400 {
		t.Fatalf("%d states were told", states)
	}
}
