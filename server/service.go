package server

import (
	"context"
	"sync"

	"github.com/lastcall-dev/lastcall/drain"
)

// A node is what its drainer drains: this file is drain.Service.

// tally is what the report counts, from the beginning of the drain on.
type tally struct {
	mu    sync.Mutex
	begun bool
	base  int // tasks that had finished before
	drain.Tally
}

// Look says how things are. A run leaves it only when its outcome is in the store, and the drain is held until every
// mailbox that is read here was looked at after that (synced.go), so that nobody closes between an answer and its client.
func (n *node) Look() drain.Look {
	work := n.worker.Look()
	l := drain.Look{Busy: len(work.Running), Unserved: n.unserved(), Clients: n.connections()}
	l.Peer, l.Coming = n.seen()
	if work.Claiming {
		l.Busy++
	}
	if !work.Dry {
		l.Backlog = 1 // the worker knows that there is some, not how much
	}
	if n.drainer.Told() && l.Clients > 0 && work.Idle() && !n.isSynced(n.ended()) {
		l.Unserved++
	}
	return l
}

// ended counts the runs that have ended here: finished, or given back by this drain.
func (n *node) ended() int {
	n.tally.mu.Lock()
	defer n.tally.mu.Unlock()
	return n.worker.Finished() + n.tally.Work.HandedBack + n.tally.Work.Fenced
}

// Enter does what a phase asks for.
func (n *node) Enter(ctx context.Context, o drain.Orders) error {
	n.begin()
	turn := n.turns.next()
	if o.Phase == drain.Announce {
		if err := n.enterAnnounce(ctx); err != nil {
			return err
		}
	}
	if !n.turns.take(turn, func() { n.follow(o) }) {
		return errLate
	}
	n.worker.BeatNow() // peers go by the phase
	switch o.Phase {
	case drain.HandBack:
		n.handBack(ctx, o)
	case drain.Closed:
		return n.close(ctx)
	case drain.Ready, drain.Linger, drain.Announce, drain.Finish: // the switches are all
	}
	return nil
}

// Follow sets the switches.
func (n *node) Follow(o drain.Orders) { n.turns.take(n.turns.next(), func() { n.follow(o) }) }

func (n *node) follow(o drain.Orders) {
	n.phase.Store(&o.Phase)
	if o.Claim {
		n.worker.ResumeClaims()
	} else {
		n.worker.StopClaims()
	}
	if o.EarlyWord {
		n.worker.EarlyWord()
	}
	if o.Phase != drain.Finish {
		return
	}
	n.announced.Do(func() {
		n.sockets.Announce(o.Deadline)
		n.streams.Announce(o.Deadline)
	})
	n.sockets.HandOver(o.HandOverBy)
	n.streams.HandOver(o.HandOverBy)
	n.waits.set(!o.HandOverBy.IsZero()) // whoever waits here for what happens elsewhere waits there just as well
}

// begin notes where the counts stand when the drain begins.
func (n *node) begin() {
	n.tally.mu.Lock()
	defer n.tally.mu.Unlock()
	if !n.tally.begun {
		n.tally.begun, n.tally.base = true, n.worker.Finished()
	}
}

// WaitingFor names what the drain is waiting for.
func (n *node) WaitingFor() drain.Waiting {
	w := drain.Waiting{Work: n.worker.Running()}
	if n.drainer.Told() {
		w.Connections = n.unserved()
	}
	return w
}

// Tally counts what became of work and clients.
func (n *node) Tally() drain.Tally {
	n.tally.mu.Lock()
	defer n.tally.mu.Unlock()
	t := n.tally.Tally
	t.Work.Finished = n.worker.Finished() - n.tally.base
	return t
}
