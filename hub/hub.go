package hub

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Options are the settings of a Hub. A field that is zero stands for its default.
type Options struct {
	Logger *slog.Logger
	// Poll is how often the rotation over all readers goes on, give or take a tenth; 1 s. It is also how often
	// acknowledgements are saved.
	Poll time.Duration
	// PollMailboxes is how many mailboxes one turn of the rotation looks at; 256. With so many readers or fewer a lost
	// hint costs one Poll, with n times as many it costs n: idle readers must not load the store.
	PollMailboxes int
	PageEvents    int           // most events of a page; 100
	PageBytes     int           // what a page should not exceed, judged by the events before it; 256 KiB
	CallTimeout   time.Duration // of a call to the store; 5 s
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.PollMailboxes = cmp.Or(o.PollMailboxes, 256)
	o.PageEvents = cmp.Or(o.PageEvents, 100)
	o.PageBytes = cmp.Or(o.PageBytes, 256<<10)
	o.CallTimeout = cmp.Or(o.CallTimeout, 5*time.Second)
	return o
}

// Hub wakes subscribers when their mailboxes move. All methods may be called concurrently.
type Hub struct {
	store lastcall.Store
	opts  Options

	mu    sync.RWMutex
	boxes map[string]*box // by client
	order []*box          // the same, in the order of the rotation
	next  int             // where the rotation goes on
	tasks map[string][]watcher

	ends  endings
	acks  acks
	round round
}

// box is a mailbox that is read here.
type box struct {
	client string
	place  int // in Hub.order
	subs   []*Subscriber
}

// New makes a hub that reads from store. It wakes nobody by itself before Run.
func New(store lastcall.Store, o Options) *Hub {
	return &Hub{
		store: store, opts: o.withDefaults(),
		boxes: make(map[string]*box),
		tasks: make(map[string][]watcher),
		acks:  acks{dirty: make(map[string]lastcall.Cursor), kick: make(chan struct{}, 1)},
		round: round{asked: make(chan struct{}, 1)},
	}
}

// Run goes around all readers and saves what they acknowledge, until ctx ends; then it saves what is left. It returns
// an error only if that last save fails.
func (h *Hub) Run(ctx context.Context) error {
	poll := time.NewTimer(h.opts.Poll)
	defer poll.Stop()
	save := time.NewTicker(h.opts.Poll)
	defer save.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return h.saveAcks(context.WithoutCancel(ctx))
		case <-h.acks.kick:
			h.save(ctx)
		case <-save.C:
			h.save(ctx)
			h.ends.age()
		case <-h.round.asked:
			poll.Reset(h.beginRound(last))
		case <-poll.C:
			last = time.Now()
			poll.Reset(h.poll(ctx))
		}
	}
}

// save saves acknowledgements; if that fails they are kept for the next time.
func (h *Hub) save(ctx context.Context) {
	if err := h.saveAcks(context.WithoutCancel(ctx)); err != nil {
		h.opts.Logger.WarnContext(ctx, "hub: cannot save acknowledgements yet", "error", err)
	}
}

// call bounds one call to the store.
func (h *Hub) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, h.opts.CallTimeout)
}

// add puts a subscriber among those of its mailbox.
func (h *Hub) add(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[s.client]
	if b == nil {
		b = &box{client: s.client, place: len(h.order)}
		h.boxes[s.client] = b
		h.order = append(h.order, b)
	}
	b.subs = append(b.subs, s)
}

// remove takes a subscriber out again, and the mailbox with the last of them.
func (h *Hub) remove(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[s.client]
	for i, other := range b.subs {
		if other == s {
			b.subs[i] = b.subs[len(b.subs)-1]
			b.subs[len(b.subs)-1] = nil
			b.subs = b.subs[:len(b.subs)-1]
			break
		}
	}
	if len(b.subs) > 0 {
		return
	}
	delete(h.boxes, s.client)
	last := h.order[len(h.order)-1]
	h.order[b.place], last.place = last, b.place
	h.order[len(h.order)-1] = nil
	h.order = h.order[:len(h.order)-1]
}
