package hub

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// Waker is how a subscriber hears that Next may have something for it. Wake must not block nor call the hub; it may be
// called at any time by any goroutine, and more often than there is news.
type Waker interface{ Wake() }

// Start says where a subscriber begins and what it wants. The zero value begins behind what the client has acknowledged,
// or at its oldest kept event.
type Start struct {
	Resume   *lastcall.Cursor // begin here instead, behind a gap if need be
	Head     bool             // begin with what comes from now on
	Progress bool             // of states, task.progress is wanted too
}

// Subscriber is a cursor over a mailbox. Next belongs to one goroutine at a time; everything else may be called
// concurrently.
type Subscriber struct {
	hub      *Hub
	client   string
	waker    Waker
	progress bool

	// Next's own, and Start's before it.
	gap   *lastcall.Gap // to be told first
	limit int           // events of the next page
	head  int64         // of the mailbox when the subscriber began

	mu      sync.Mutex
	pos     lastcall.Cursor // what has been handed out
	moved   bool            // the mailbox may hold more than pos
	handing bool            // events are read, or handed out and not known to be written: Next has not been called again
	live    bool            // the subscriber has been at the head once
	closed  bool
	states  []pending
	watched map[string]bool // tasks that it watches: whether they have moved
}

// firstPage is the size of a subscriber's first page: events may be large, and nothing is known of them yet.
const firstPage = 8

// Subscribe begins to read the client's mailbox, which is made if it is not there. Close must be called in the end.
func (h *Hub) Subscribe(ctx context.Context, client string, at Start, w Waker) (*Subscriber, error) {
	s := &Subscriber{
		hub: h, client: strings.Clone(client), waker: w, progress: at.Progress,
		moved: true, // whether or not: the first Next reads
		limit: min(firstPage, h.opts.PageEvents),
	}
	h.add(s) // before the mailbox is read, so that nothing happens unheard in between
	if err := s.begin(ctx, at); err != nil {
		h.remove(s)
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	return s, nil
}

// begin finds the place where the subscriber starts.
func (s *Subscriber) begin(ctx context.Context, at Start) error {
	ctx, cancel := s.hub.call(ctx)
	defer cancel()
	mb, err := s.hub.store.OpenMailbox(ctx, s.client)
	if err != nil {
		return err
	}
	if unsaved, ok := s.hub.acks.get(s.client); ok && unsaved.Epoch == mb.Epoch {
		mb.Acked = max(mb.Acked, unsaved.Seq)
	}
	from := mb.Start()
	switch {
	case at.Head:
		from = lastcall.Cursor{Epoch: mb.Epoch, Seq: mb.Head}
	case at.Resume != nil:
		from = *at.Resume
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = mb.Head
	s.pos, s.gap = mb.Resume(from)
	return nil
}

// Place is where the subscriber stands, and the head of its mailbox as it was at Subscribe. Before the first Next the
// cursor is the one to hand back if all breaks off: with events expired since, that is before the gap, so that a client
// which never came to hear of it hears of it the next time.
func (s *Subscriber) Place() (at lastcall.Cursor, head int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gap != nil && s.gap.Why == lastcall.GapExpired {
		return lastcall.Cursor{Epoch: s.pos.Epoch, Seq: s.gap.From - 1}, s.head
	}
	return s.pos, s.head
}

// Ack records that the client has everything up to seq. It is saved within a Poll, and soon after Close. What the
// subscriber has not been given it cannot acknowledge.
func (s *Subscriber) Ack(seq int64) {
	s.mu.Lock()
	c := lastcall.Cursor{Epoch: s.pos.Epoch, Seq: min(seq, s.pos.Seq)}
	s.mu.Unlock()
	if c.Seq > 0 {
		s.hub.acks.add(s.client, c)
	}
}

// Behind reports whether there may be something in the mailbox that the subscriber has not been given. What Next has
// handed out counts as given when Next is called again; what else it answers, such as watched tasks, does not count.
func (s *Subscriber) Behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved || s.handing
}

// Recheck has the mailbox looked at once more, whatever was hinted at. Until that is done Behind is true: who has asked can
// believe it without trusting a hint to have arrived.
func (s *Subscriber) Recheck() { s.mailboxMoved() }

// Close ends the subscription. The Waker is not called after it.
func (s *Subscriber) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed, s.states = true, nil
	watched := s.watched
	s.watched = nil
	s.mu.Unlock()
	for id := range watched {
		s.hub.unwatch(id, s)
	}
	s.hub.remove(s)
	s.hub.acks.soon(s.client)
}

// mailboxMoved is news of events.
func (s *Subscriber) mailboxMoved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.moved && !s.closed { // one that has been woken and has not looked yet needs no second call
		s.moved = true
		s.waker.Wake()
	}
}

// stateMoved is news of a task's state.
func (s *Subscriber) stateMoved(st *lastcall.State) {
	if st.Type == lastcall.TaskProgress && !s.progress {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Asked under the lock: a page that is being read notes its endings before it looks for states to drop.
	if s.closed || s.hub.ends.outdated(st) {
		return
	}
	s.states = conflate(s.states, st)
	s.waker.Wake()
}

// compare is news of the mailbox as the store has it; a zero one if it has none.
func (s *Subscriber) compare(mb *lastcall.Mailbox) {
	s.mu.Lock()
	behind := mb.Epoch != s.pos.Epoch || mb.Head != s.pos.Seq
	s.mu.Unlock()
	if behind {
		s.mailboxMoved()
	}
}
