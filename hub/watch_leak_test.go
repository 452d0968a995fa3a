package hub

import (
	"log/slog"
	"runtime"
	"strconv"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
)

// deaf is a Waker for whoever asks without being woken.
type deaf struct{}

func (deaf) Wake() {}

func watching(t *testing.T) (*hubtest.Store, *Hub, *Subscriber) {
	t.Helper()
	store := hubtest.New()
	h := New(store, Options{Logger: slog.New(slog.DiscardHandler)})
	s, err := h.Subscribe(t.Context(), "service", Start{}, deaf{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return store, h, s
}

func TestAWatchThatComesAfterCloseLeavesNothingBehind(t *testing.T) {
	_, h, s := watching(t)
	if err := s.Watch([]string{"x", "y"}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := s.Watch([]string{"y", "z"}); err != nil {
		t.Error(err)
	}
	if len(h.tasks) != 0 {
		t.Errorf("the hub goes on to watch %d tasks for nobody", len(h.tasks))
	}
}

func TestAWatchThatIsRefusedOrRepeatedLeavesNothingBehind(t *testing.T) {
	store, h, s := watching(t)
	store.Put(lastcall.Task{ID: "0", Status: lastcall.Running})
	if err := s.Watch([]string{"0"}); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, MaxWatched+1)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	if err := s.Watch(ids); err == nil {
		t.Error("one too many was taken")
	}
	if err := s.Watch([]string{"0", "0"}); err != nil {
		t.Error(err)
	}
	if len(h.tasks) != 1 || len(h.tasks["0"]) != 1 {
		t.Errorf("watched: %d tasks, the one %d times", len(h.tasks), len(h.tasks["0"]))
	}
}

// Next may find a task done while the Watch that asked for it has not returned yet: from then on the hub must not take
// it up any more.
func TestATaskFoundDoneWhileItBeginsToBeWatchedIsNotWatchedForEver(t *testing.T) {
	store, h, s := watching(t)
	store.Put(lastcall.Task{ID: "x", Status: lastcall.Succeeded})
	h.mu.RLock() // holds Watch up where it tells the hub
	failed := make(chan error, 1)
	go func() { failed <- s.Watch([]string{"x"}) }()
	for h.mu.TryRLock() { // fails once it stands there
		h.mu.RUnlock()
		runtime.Gosched()
	}
	if _, ids := s.look(); len(ids) > 0 {
		t.Errorf("Next knows of %q before the hub does", ids)
	}
	h.mu.RUnlock()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	b, err := s.Next(t.Context())
	if err != nil || len(b.Watched) != 1 || len(h.tasks) != 0 {
		t.Errorf("told %+v (%v); the hub goes on to watch %d tasks", b.Watched, err, len(h.tasks))
	}
}
