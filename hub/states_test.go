package hub_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// live is a reader at the head of an empty mailbox.
func live(t *testing.T, h *hub.Hub, client string) *reader {
	t.Helper()
	r := subscribe(t, h, client, hub.Start{Progress: true})
	r.wants("live 0")
	return r
}

func TestOfATasksStatesOnlyTheLatestIsTold(t *testing.T) {
	_, h := open(t, hub.Options{})
	r := live(t, h, "alice")
	state(h, "alice", lastcall.TaskStarted, "x", 1, "{}")
	for percent := range 100 {
		state(h, "alice", lastcall.TaskProgress, "x", 1, fmt.Sprintf(`{"percent":%d}`, percent))
	}
	state(h, "alice", lastcall.TaskQueued, "y", 0, "{}")
	if !r.rung() {
		t.Error("not woken for a state")
	}
	r.wants(`task.progress x 1 {"percent":99}`, "task.queued y 0 {}")
}

func TestProgressIsToldToThoseWhoWantIt(t *testing.T) {
	_, h := open(t, hub.Options{})
	r := subscribe(t, h, "alice", hub.Start{})
	r.wants("live 0")
	state(h, "alice", lastcall.TaskStarted, "x", 1, "{}")
	r.rung()
	state(h, "alice", lastcall.TaskProgress, "x", 1, `{"percent":1}`)
	if r.rung() {
		t.Error("woken for a progress that it does not want")
	}
	r.wants("task.started x 1 {}")
}

func TestStatesOfAReaderWhoDoesNotReadAreBounded(t *testing.T) {
	_, h := open(t, hub.Options{})
	r := live(t, h, "alice")
	for i := range 10_000 {
		state(h, "alice", lastcall.TaskStarted, strconv.Itoa(i), 1, "{}")
	}
	if got := r.all(); len(got) != 64 || got[63] != "task.started 9999 1 {}" {
		t.Errorf("%d states, the last %q; want the latest 64", len(got), got[len(got)-1])
	}
}

func TestStatesWaitForTheReplay(t *testing.T) {
	store, h := open(t, hub.Options{PageEvents: 2})
	store.Write("alice", several(3)...)
	r := subscribe(t, h, "alice", hub.Start{})
	state(h, "alice", lastcall.TaskStarted, "x", 2, "{}")
	r.wants("1", "2", "3", "live 3", "task.started x 2 {}")
}

func TestAStateNeverFollowsTheEndOfItsRun(t *testing.T) {
	progress := func(h *hub.Hub) { state(h, "alice", lastcall.TaskProgress, "x", 1, `{}`) }
	t.Run("told together", func(t *testing.T) {
		store, h := open(t, hub.Options{})
		r := live(t, h, "alice")
		progress(h)
		write(store, h, "alice", done("x"))
		r.wants("1")
	})
	t.Run("hinted at while the end is being read", func(t *testing.T) {
		store, h := open(t, hub.Options{})
		r := live(t, h, "alice")
		reading, release := store.Hold()
		write(store, h, "alice", done("x"))
		got := make(chan []string)
		go func() { got <- r.all() }()
		<-reading
		progress(h)
		release()
		if diff := cmp.Diff([]string{"1"}, <-got); diff != "" {
			t.Error(diff)
		}
		r.wants()
	})
	t.Run("hinted at after the end was read", func(t *testing.T) {
		store, h := open(t, hub.Options{})
		r := live(t, h, "alice")
		write(store, h, "alice", done("x"))
		r.wants("1")
		progress(h)
		r.wants()
	})
	t.Run("in a page that is not the last", func(t *testing.T) {
		store, h := open(t, hub.Options{PageEvents: 1})
		r := live(t, h, "alice")
		progress(h)
		write(store, h, "alice", done("x"), done("y"))
		r.wants("1", "2")
	})
}

func TestWhatFollowsARunsEndIsToldBehindIt(t *testing.T) {
	store, h := open(t, hub.Options{})
	r := live(t, h, "alice")
	write(store, h, "alice", event(lastcall.TaskInterrupted, "x", 1))
	state(h, "alice", lastcall.TaskQueued, "x", 1, "{}")
	r.wants("1", "task.queued x 1 {}")
	state(h, "alice", lastcall.TaskStarted, "x", 2, "{}")
	r.wants("task.started x 2 {}")
	write(store, h, "alice", event(lastcall.TaskRetrying, "x", 2))
	state(h, "alice", lastcall.TaskStarted, "x", 3, "{}")
	r.wants("2", "task.started x 3 {}")
}

func TestAStateDoesNotOvertakeTheEventsCommittedBeforeIt(t *testing.T) {
	store, h := open(t, hub.Options{})
	r := live(t, h, "alice")
	reading, release := store.Hold()
	write(store, h, "alice", done("x"))
	got := make(chan []string)
	go func() { got <- r.next() }()
	<-reading // what follows is not in the page
	store.Write("alice", event(lastcall.TaskRetrying, "y", 1))
	h.Moved([]lastcall.Hint{{Client: "alice"}})
	state(h, "alice", lastcall.TaskStarted, "y", 2, "{}")
	release()
	if diff := cmp.Diff([]string{"1"}, <-got); diff != "" {
		t.Error(diff)
	}
	r.wants("2", "task.started y 2 {}")
}

// TestStatesKeepTheirPlaceInEveryOrder plays lives of tasks at random: what a store commits reaches the reader at some
// later time as a hint, in the order of commits, and the reader looks whenever it likes.
func TestStatesKeepTheirPlaceInEveryOrder(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		store, h := open(t, hub.Options{PageEvents: 1 + rnd.IntN(4)})
		r := live(t, h, "alice")
		var late []lastcall.Hint // committed, not yet hinted at
		commit := func(hint lastcall.Hint) { late = append(late, hint) }
		state := func(typ lastcall.EventType, task string, run int64) {
			commit(lastcall.Hint{Client: "alice", Task: task, State: &lastcall.State{Task: task, Type: typ, Run: run}})
		}
		runs := map[string]int64{}
		ended := map[string]int64{} // what the reader has been told: task and the run that ended
		look := func() {
			b, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, ev := range b.Events {
				ended[ev.Task] = ev.Run
			}
			for _, st := range b.States {
				if st.Run <= ended[st.Task] {
					t.Fatalf("seed %d: %s of run %d of %s after the end of run %d", seed, st.Type, st.Run, st.Task, ended[st.Task])
				}
			}
		}
		for range 200 {
			task := strconv.Itoa(rnd.IntN(3))
			switch rnd.IntN(5) {
			case 0: // a run starts
				runs[task]++
				state(lastcall.TaskStarted, task, runs[task])
			case 1: // it gets on, unless it has ended
				if runs[task] > 0 {
					state(lastcall.TaskProgress, task, runs[task])
				}
			case 2: // it ends, and the task starts again
				if runs[task] > 0 {
					store.Write("alice", event(lastcall.TaskRetrying, task, runs[task]))
					commit(lastcall.Hint{Client: "alice", Task: task})
					runs[task]++
				}
			case 3:
				n := rnd.IntN(len(late) + 1)
				h.Moved(late[:n])
				late = late[n:]
			case 4:
				look()
			}
		}
		h.Moved(late)
		for r.Behind() {
			look()
		}
	}
}
