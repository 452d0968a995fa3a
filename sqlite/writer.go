package sqlite

import (
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
	"github.com/lastcall-dev/lastcall/watch"
)

const (
	queueLength = 1024                   // calls that wait; those beyond wait to wait
	idleAfter   = 500 * time.Millisecond // without a call: time to tidy up
	otherEvery  = 10 * time.Millisecond  // looks for what another process has committed, while there is one
	otherSeldom = 100 * time.Millisecond // the same, while none is known
	otherPause  = time.Millisecond       // between batches, while there is another process that also wants to write
)

// writer is the goroutine that changes the file, and the line before it.
type writer struct {
	ground  *ground
	log     *slog.Logger
	queue   chan *call
	asks    chan struct{} // no place: whoever gets rid of one knows that the goroutine takes calls
	closing chan struct{} // closed by close
	stopped chan struct{} // closed by the goroutine as its last act
	err     error         // of closing the connection; read after stopped

	watchers  watch.Watchers
	siblings  atomic.Bool  // another process, or another Store, works on the same file
	commits   atomic.Int64 // that reached the disk
	committed func(calls int, took time.Duration)

	// What follows belongs to the goroutine.

	conn    *sqlite3.Conn // nil after a failure: to be opened anew
	tx      tx
	batch   []*call
	company bool         // calls have come to the last batch beside its first
	pages   int          // written to the log since it was last moved into the file
	version int64        // PRAGMA data_version, as last seen
	shaken  bool         // what has become of the ground was logged
	before  func() error // run before each commit, which fails with its error; nil outside tests
}

func newWriter(g *ground, conn *sqlite3.Conn, o Options) *writer {
	w := &writer{
		ground: g, log: o.Logger, committed: o.Committed, conn: conn,
		queue: make(chan *call, queueLength), asks: make(chan struct{}), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	w.tx = newTx()
	conn.Wait(0) // what there is to wait for, lock does
	return w
}

// start starts the goroutine. It ends after close.
func (w *writer) start() { go w.run() }

// close lets the goroutine answer what waits, and waits for it.
func (w *writer) close() error {
	close(w.closing)
	<-w.stopped
	return w.err
}

// run is the goroutine: a batch, and the next one.
func (w *writer) run() {
	defer close(w.stopped)
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	others := time.NewTimer(otherSeldom)
	defer others.Stop()
	w.lookAtOthers() // from here on nothing of theirs is missed
	for {
		select {
		case c := <-w.queue:
			w.write(c)
			idle.Reset(idleAfter)
		case <-w.asks:
		case <-others.C:
			w.lookAtOthers()
			others.Reset(w.otherEvery())
		case <-idle.C:
			w.checkpoint(0)
		case <-w.closing:
			w.finish()
			return
		}
	}
}

// finish answers the calls that were there before close, and closes the connection.
func (w *writer) finish() {
	for {
		select {
		case c := <-w.queue:
			w.write(c)
			continue
		default:
		}
		break
	}
	if w.conn != nil {
		w.err = w.ground.leaveLast(w.conn)
	}
	w.watchers.Close()
}

// write writes a batch that begins with c, answers it, and does what must be done between batches.
func (w *writer) write(c *call) {
	w.batch = w.batch[:0]
	w.take(c)
	w.gather()
	w.writeBatch()
	w.company = len(w.batch) > 1
	for i, c := range w.batch {
		close(c.done)
		w.batch[i] = nil
	}
	w.checkpoint(checkpointPages)
	if w.siblings.Load() {
		// SQLite's locks are polled, so that whoever releases one and takes it again at once keeps all others out.
		select {
		case <-time.After(otherPause):
		case <-w.closing:
		}
	}
}

// gather gives their turn to those who are about to ask, where there are such: a batch that begins the moment its first call
// comes leaves behind whoever runs on the other processors, to pay for a sync of their own. This is no wait: where nobody can
// run it returns at once, and a caller who is alone never comes here.
func (w *writer) gather() {
	if w.company {
		runtime.Gosched()
	}
}

// take makes c part of the batch, unless its caller has gone, and reports whether it did.
func (w *writer) take(c *call) bool {
	if !c.state.CompareAndSwap(callWaits, callBegun) {
		return false
	}
	w.batch = append(w.batch, c)
	return true
}

// lookAtOthers finds out whether somebody else has written to the file. Those who watch are told, as the others' hints
// do not come here, and from now on we make room for them; the next sweep finds out whether they still live.
func (w *writer) lookAtOthers() {
	if w.conn == nil || w.checkGround() != nil {
		return
	}
	st := w.conn.Stmt(queries["data_version"])
	defer st.Reset()
	if row, err := st.Step(); !row || err != nil {
		return // the next batch will run into the same and deal with it
	}
	now, before := st.ColInt(0), w.version
	if now == before {
		return
	}
	w.version = now
	if before != 0 {
		w.siblings.Store(true)
		w.watchers.Publish([]lastcall.Hint{{}})
	}
}

// otherEvery is how often to look.
func (w *writer) otherEvery() time.Duration {
	if w.siblings.Load() {
		return otherEvery
	}
	return otherSeldom
}
