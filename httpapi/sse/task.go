package sse

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
)

// pollEvery is how often a stream looks for itself at its task: hints are a courtesy and may be lost.
const pollEvery = time.Second

// endMark stands before the cursor in the id of the event that ends a task's stream. It is not in the alphabet of epochs.
const endMark = "end-"

// ServeTask answers with a task's state and what follows as an event stream, or with 204, which tells an EventSource to
// stay away, to a client that has seen its end. It returns when the stream has ended.
func (s *Server) ServeTask(w http.ResponseWriter, r *http.Request, id string) {
	ctx, cancel := s.life(r.Context())
	defer cancel()
	changed, stop := s.hub.WatchTask(id) // before the task is read, so that nothing happens unheard in between
	defer stop()
	t, err := s.opts.Store.Task(ctx, id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	mb, events, err := s.opts.Store.TaskEvents(ctx, id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	f := &follower{stream: s.newStream(t.Client), id: id, changed: changed}
	f.behind = f.here.Load
	if f.begin(&t, &mb, events, r.Header.Get("Last-Event-ID")) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Method == http.MethodHead {
		newWriter(w, r, f.stream)
		return
	}
	f.note(&t)
	if s.open(f.stream) {
		defer s.leave(f.stream)
	} // as with a mailbox
	f.out = newWriter(w, r, f.stream)
	if err := f.run(ctx, &t, events); err != nil {
		s.opts.Logger.Debug("stream ended", "task", id, "cause", err)
	}
}

// follower is a stream of one task.
type follower struct {
	*stream
	id      string
	out     *writer
	changed <-chan struct{}
	pos     lastcall.Cursor // the events of the task up to here have been told
	last    standing        // what has been told of the task
	here    atomic.Bool     // it ran here when it was last looked at
	rest    time.Time       // until then its events are not read again, unless it is done
}

// restPerEvent is how long the store is left alone after a reading of a task's events, for each of them: all are read each
// time, and a task that was interrupted thousands of times would make that all that the node does.
const restPerEvent = 100 * time.Microsecond

// restAfter bounds it by what a follower waits for a look anyway.
func restAfter(events int) time.Duration { return min(time.Duration(events)*restPerEvent, pollEvery) }

// standing is what a look at a task is compared by.
type standing struct {
	status   lastcall.Status
	run      int64
	progress time.Time // when it was reported
}

func standingOf(t *lastcall.Task) standing {
	s := standing{status: t.Status, run: t.Run}
	if t.Progress != nil {
		s.progress = t.Progress.At
	}
	return s
}

// begin finds the place where the stream starts. It is true if the client has seen all that there will ever be.
func (f *follower) begin(t *lastcall.Task, mb *lastcall.Mailbox, events []lastcall.Event, lastID string) (over bool) {
	seen, ended := strings.CutPrefix(lastID, endMark)
	at, err := lastcall.ParseCursor(seen)
	known := err == nil && at.Epoch == mb.Epoch
	f.pos = lastcall.Cursor{Epoch: mb.Epoch, Seq: mb.Head}
	last := slices.IndexFunc(events, func(ev lastcall.Event) bool { return ev.Type.Terminal() })
	switch {
	case known:
		f.pos.Seq = min(at.Seq, mb.Head)
	case last >= 0: // whoever comes when all is over is told how it ended, as those were who were there
		f.pos.Seq = events[last].Seq - 1
	}
	return t.Status.Done() && (ended || known && (last < 0 || at.Seq >= events[last].Seq))
}

// run writes until the client is gone or the stream is over.
func (f *follower) run(ctx context.Context, t *lastcall.Task, events []lastcall.Event) error {
	f.out.retry(usualRetry())
	f.out.frame("", "state", frame.Standing(t))
	f.last = standingOf(t)
	if over, err := f.follow(t, events); over || err != nil {
		return err
	}
	for {
		o := f.orders()
		if o.closing || o.due() && !f.here.Load() {
			return f.farewell(f.out, &o, f.pending())
		}
		if err := f.tell(f.out, &o, f.pending); err != nil {
			return err
		}
		if err := f.idle(ctx, &o); err != nil {
			return err
		}
		if over, err := f.look(ctx); over || err != nil {
			return err
		}
	}
}

func (f *follower) pending() []string {
	if f.here.Load() {
		return []string{f.id}
	}
	return nil
}

func (f *follower) note(t *lastcall.Task) { f.here.Store(f.srv.opts.Here(t)) }

// idle waits, and says that the stream is there if it has been silent for long.
func (f *follower) idle(ctx context.Context, o *orders) error {
	beat := f.out.last.Add(f.srv.opts.Beat)
	until := time.Now().Add(pollEvery)
	if f.rest.After(time.Now()) { // what has changed meanwhile has been passed over
		until = f.rest
	}
	if beat.Before(until) {
		until = beat
	}
	if !f.wait(ctx, f.changed, o.next(until)) {
		return ctx.Err()
	}
	if time.Now().Before(beat) {
		return nil
	}
	f.out.beat()
	return f.out.flush()
}

// look tells what has changed. A store that is away is asked again later; a task that has been removed tells no more.
func (f *follower) look(ctx context.Context) (over bool, err error) {
	t, err := f.srv.opts.Store.Task(ctx, f.id)
	switch {
	case unavailable(err):
		return false, nil
	case err != nil:
		return true, err
	case standingOf(&t) == f.last:
		f.note(&t)
		return false, nil
	case t.Status == f.last.status && t.Run == f.last.run: // progress alone makes no event
		return f.follow(&t, nil)
	case !t.Status.Done() && time.Now().Before(f.rest):
		return false, nil
	}
	mb, events, err := f.srv.opts.Store.TaskEvents(ctx, f.id)
	switch {
	case unavailable(err):
		return false, nil
	case err != nil:
		return true, err
	}
	f.rest = time.Now().Add(restAfter(len(events)))
	if mb.Epoch != f.pos.Epoch {
		f.pos = lastcall.Cursor{Epoch: mb.Epoch, Seq: mb.Oldest - 1}
	}
	return f.follow(&t, events)
}

// follow writes the events that are new, and then how the task stands, or that this was all. The events may be newer than
// the task: then how it stood is left out, and the next look, which is asked for, says more.
func (f *follower) follow(t *lastcall.Task, events []lastcall.Event) (over bool, err error) {
	ended := false
	for i := range events {
		if ev := &events[i]; ev.Seq > f.pos.Seq {
			f.out.durable(ev, f.pos.Epoch)
			f.pos.Seq = ev.Seq
			ended = ended || ev.Type.Terminal()
		}
	}
	done := t.Status.Done()
	switch now := standingOf(t); {
	case done:
		f.out.frame(endMark+f.pos.String(), "end", frame.End{T: "end", Task: f.id, Status: t.Status})
	case ended:
		f.Wake()
	case now != f.last:
		s := frame.Standing(t)
		f.out.frame("", string(s.Type), s)
		f.last = now
	}
	if err := f.out.flush(); err != nil {
		return false, err
	}
	if done || ended {
		f.flushed()
	}
	f.note(t) // after the flush: until then the client is unserved
	return done, nil
}
