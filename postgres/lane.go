package postgres

import (
	"context"
	"slices"
)

// How many lanes there are. Each has a connection while it writes; a commit that waits for the disk keeps the others
// from nothing, as a database gathers the commits of its connections into one flush.
const (
	submitLanes = 2
	changeLanes = 4
)

// The bounds of a batch: it must not hold up the answer to its first call for long.
const (
	batchCalls = 512
	batchBytes = 8 << 20
	rowBytes   = 512 // about what a call writes beside what is long
)

// laneQueue is how many calls wait in a lane before their callers wait to get in.
const laneQueue = 1024

// lane is a goroutine that commits whatever has gathered while its last commit was on its way to the disk: the group
// commit, without a timer. Submits touch no mailbox and have lanes of their own. Changes go by their task's client, so
// that those of one client are in one lane: they would wait for its mailbox's row anyway, and a client that is hot makes
// nobody wait but those who share its lane.
type lane struct {
	queue   chan *call
	stopped chan struct{} // closed by the goroutine as its last act
	write   func([]*call)
	batch   []*call // the goroutine's
}

func newLane(write func([]*call)) *lane {
	return &lane{queue: make(chan *call, laneQueue), stopped: make(chan struct{}), write: write}
}

// lanes are those of a store.
type lanes struct {
	submits []*lane
	changes []*lane
}

func newLanes(write func([]*call)) *lanes {
	ls := &lanes{}
	for range submitLanes {
		ls.submits = append(ls.submits, newLane(write))
	}
	for range changeLanes {
		ls.changes = append(ls.changes, newLane(write))
	}
	return ls
}

// laneOf is where a call belongs: the client's hash is the last byte of a task's id (id.go).
func (s *Store) laneOf(c *call) *lane {
	switch {
	case c.subs != nil:
		return s.lanes.submits[s.next.Add(1)%submitLanes]
	case c.client != "":
		return s.lanes.changes[hashOf(c.client)%changeLanes]
	}
	return s.lanes.changes[c.task[len(c.task)-1]%changeLanes]
}

// all are the lanes.
func (ls *lanes) all() []*lane {
	return slices.Concat(ls.submits, ls.changes)
}

// run is the goroutine: a batch, and the next one, until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer close(l.stopped)
	for {
		select {
		case c := <-l.queue:
			l.writeFrom(c)
		case <-ctx.Done():
			return
		}
	}
}

// writeFrom writes a batch that begins with c, and answers it.
func (l *lane) writeFrom(c *call) {
	l.batch = l.batch[:0]
	size := l.take(c)
	for size < batchBytes && len(l.batch) < batchCalls {
		select {
		case c := <-l.queue:
			size += l.take(c)
			continue
		default:
		}
		break
	}
	if len(l.batch) > 0 {
		l.write(l.batch)
	}
	for i, c := range l.batch {
		close(c.done)
		l.batch[i] = nil
	}
}

// take makes c part of the batch, unless its caller has gone, and returns what it adds to its size.
func (l *lane) take(c *call) int {
	if !c.state.CompareAndSwap(callWaits, callBegun) {
		return 0
	}
	l.batch = append(l.batch, c)
	return rowBytes + c.size
}
