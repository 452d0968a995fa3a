package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// river is Streams: it notes who came for what, and gives what a test has put in.
type river struct {
	mu     sync.Mutex
	came   []string
	events []lastcall.Event
	gap    *lastcall.Gap
	fail   error
}

func (s *river) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, fmt.Sprintf(format, args...))
}

func (s *river) ServeEvents(w http.ResponseWriter, _ *http.Request, client string, after *lastcall.Cursor) {
	s.note("events of %s after %v", client, after)
	s.flow(w, "event: welcome\ndata: {}\n\n")
}

func (s *river) ServeTask(w http.ResponseWriter, r *http.Request, id string) {
	s.note("task %s", id)
	if r.Header.Get("Last-Event-ID") == "end" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.flow(w, "event: end\ndata: {}\n\n")
}

func (s *river) flow(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(text))
}

func (s *river) Poll(
	ctx context.Context, client string, after *lastcall.Cursor, wait time.Duration,
) ([]lastcall.Event, lastcall.Cursor, *lastcall.Gap, error) {
	s.note("poll of %s after %v for %s", client, after, wait)
	if events, at, gap, err := s.look(after); len(events) > 0 || gap != nil || err != nil {
		return events, at, gap, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-timeout.C:
	case <-ctx.Done():
		at := lastcall.Cursor{Epoch: "e"}
		if after != nil {
			at = *after
		}
		return nil, at, nil, nil // whatever has come meanwhile
	}
	return s.look(after)
}

func (s *river) look(after *lastcall.Cursor) (events []lastcall.Event, at lastcall.Cursor, gap *lastcall.Gap, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at = lastcall.Cursor{Epoch: "e"}
	if after != nil {
		at = *after
	}
	for _, e := range s.events {
		if e.Seq > at.Seq {
			events = append(events, e)
		}
	}
	if len(events) > 0 {
		at.Seq = events[len(events)-1].Seq
	}
	return events, at, s.gap, s.fail
}

func (s *river) put(events ...lastcall.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, events...)
}

func (s *river) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *river) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came[len(s.came)-1]
}

// happened is an event of a mailbox.
func happened(seq int64, task string, typ lastcall.EventType, data string) lastcall.Event {
	return lastcall.Event{
		Seq: seq, ID: fmt.Sprintf("0191-%04d", seq), Type: typ, Task: task, Run: 1, Attempt: 1,
		At: time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC), Data: []byte(data),
	}
}
