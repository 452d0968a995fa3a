package hub

import (
	"context"
	"fmt"

	"github.com/lastcall-dev/lastcall"
)

// Batch is what a subscriber is to be told next, in the order of the fields.
type Batch struct {
	Gap     *lastcall.Gap
	Events  []lastcall.Event
	Epoch   string           // of the cursors of Events
	Fresh   bool             // Events came when the reader had been told all before them
	Live    *lastcall.Cursor // the replay ends here; what follows is new. Once in a subscription
	States  []lastcall.State
	Watched []lastcall.Task
	Unknown []string // watched, and not there
}

// Empty reports whether there is nothing to tell.
func (b *Batch) Empty() bool {
	return b.Gap == nil && len(b.Events) == 0 && b.Live == nil &&
		len(b.States) == 0 && len(b.Watched) == 0 && len(b.Unknown) == 0
}

// Next returns what there is to be told now; an empty Batch if that is nothing until the next Wake. What it returned
// counts as handed out. After an error nothing has been, and Next may be tried again; nobody is woken for that.
func (s *Subscriber) Next(ctx context.Context) (Batch, error) {
	var b Batch
	if s.takeGap(&b) {
		return b, nil
	}
	read, watched := s.look()
	var page page
	if read {
		var err error
		if page, err = s.read(ctx); err != nil {
			s.unread(watched)
			return Batch{}, fmt.Errorf("read mailbox: %w", err)
		}
	}
	if page.gap != nil {
		s.unread(watched)
		b.Gap = page.gap
		return b, nil
	}
	b.Events, b.Epoch = page.events, s.pos.Epoch
	s.settle(&b, page.more)
	if err := s.tasks(ctx, &b, watched); err != nil && b.Empty() {
		return Batch{}, fmt.Errorf("read task: %w", err)
	}
	return b, nil
}

// takeGap moves the gap that Subscribe found into the batch.
func (s *Subscriber) takeGap(b *Batch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Gap, s.gap = s.gap, nil
	return b.Gap != nil
}

// look says what there is to do, and draws the line between the states that came before the events are read and those
// that come while they are.
func (s *Subscriber) look() (read bool, watched []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	read, s.moved = s.moved, false
	s.handing = read
	for i := range s.states {
		s.states[i].fresh = false
	}
	for id, moved := range s.watched {
		if moved && len(watched) < watchedPage {
			s.watched[id] = false
			watched = append(watched, id)
		}
	}
	return read, watched
}

// unread takes back what look has said, so that the next Next does it.
func (s *Subscriber) unread(watched []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved, s.handing = true, false
	for _, id := range watched {
		if _, ok := s.watched[id]; ok {
			s.watched[id] = true
		}
	}
}

// page is a piece of a mailbox.
type page struct {
	gap    *lastcall.Gap // nothing else, then: the events are read from behind it
	events []lastcall.Event
	more   bool
}

// read reads on from the subscriber's position and moves it.
func (s *Subscriber) read(ctx context.Context) (page, error) {
	ctx, cancel := s.hub.call(ctx)
	defer cancel()
	mb, events, err := s.hub.store.Events(ctx, s.client, s.pos.Seq, s.limit)
	if lastcall.CodeOf(err) == lastcall.CodeNotFound { // unused for so long that it was forgotten: a new one begins
		mb, err = s.hub.store.OpenMailbox(ctx, s.client)
		events = nil
	}
	if err != nil {
		return page{}, err
	}
	at, gap := mb.Resume(s.pos)
	if gap == nil && len(events) > 0 {
		at.Seq = events[len(events)-1].Seq
		s.resize(events)
	}
	s.hub.ends.put(events)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pos = at
	if gap != nil {
		return page{gap: gap}, nil
	}
	more := at.Seq < mb.Head
	s.moved = s.moved || more
	s.handing = len(events) > 0
	return page{events: events, more: more}, nil
}

// resize fits the next page to the events of this one, so that a reader who stops reading holds up little.
func (s *Subscriber) resize(events []lastcall.Event) {
	bytes := 1
	for i := range events {
		bytes += len(events[i].Data)
	}
	s.limit = max(1, min(s.hub.opts.PageEvents, s.hub.opts.PageBytes*len(events)/bytes))
}

// settle drops the states that the events have overtaken, and adds the others to the batch once the reader is at the
// head: then everything that was committed before them has been told.
func (s *Subscriber) settle(b *Batch, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Fresh = s.live
	for i := range b.Events {
		ev := &b.Events[i]
		end := ending{ev.Run, ev.Type.Terminal()}
		kept := s.states[:0]
		for _, p := range s.states {
			if p.Task != ev.Task || !stale(&p.State, end) {
				kept = append(kept, p)
			}
		}
		s.states = kept
	}
	if more {
		return
	}
	if !s.live {
		s.live = true
		at := s.pos
		b.Live = &at
	}
	kept := s.states[:0]
	for _, p := range s.states {
		if p.fresh {
			kept = append(kept, p)
		} else {
			b.States = append(b.States, p.State)
		}
	}
	if s.states = kept; len(kept) == 0 {
		s.states = nil // an idle subscriber holds nothing
	}
}
