// Package checker holds what clients were promised against what they got. A whole-program test tells a Log all that it
// sees from outside, while it kills, drains and reconnects: what was acknowledged, what was left unanswered, each task
// that was read, each event on each connection, each run that a handler began. In the end Verify goes through the
// record and names every promise that was broken (G1, G2, G3, G4, G5, G11), with what shows it.
//
// The checker trusts nobody's word, and it knows the difference between what may happen and what may not: a submit
// without an answer may or may not have made a task; an event may come twice, but not with another content; a task may
// run twice, but not end twice; an old run may still move its hands, but not be believed.
//
// What it needs from a test is that the record is complete at the end: Final with all tasks, and for each client one
// connection that reads its mailbox from the first event to the last.
package checker

import (
	"encoding/json"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// Log is the record of a test. Its zero value is ready; all methods may be called concurrently.
type Log struct {
	mu      sync.Mutex
	submits []submit
	seen    map[string][]lastcall.Task // by reader, in the order in which it saw them
	conns   map[string]*connection     // by name
	order   []string                   // the connections, in the order of their beginning
	runs    []ran
	final   map[string]lastcall.Task
	twice   []string // ids that the final list has more than once
}

// Submit names a submit: whose it was and, if it had one, its idempotency key.
type Submit struct{ Client, Key string }

type submit struct {
	Submit
	task    *lastcall.Task // of an acknowledged one
	refused lastcall.Code  // of a refused one; with neither its fate is unknown
}

// connection is what came over one connection of a client, in order.
type connection struct {
	client string
	from   *lastcall.Cursor // where it began, if that is known
	frames []frame
}

// frame is an event or a gap.
type frame struct {
	cursor lastcall.Cursor // behind it
	event  *lastcall.Event
	gap    *lastcall.Gap
}

// ran is a run that a handler began.
type ran struct {
	task   string
	run    int64
	by     string
	output json.RawMessage
}

// Submitted records a submit that was answered with a task: from now on it is a promise.
func (l *Log) Submitted(s Submit, t lastcall.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.submits = append(l.submits, submit{Submit: s, task: &t})
}

// SubmitUnknown records a submit that got no answer, or a 503 store_unavailable: it may have made a task.
func (l *Log) SubmitUnknown(s Submit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.submits = append(l.submits, submit{Submit: s})
}

// Refused records a submit that was answered with an error: it must not have made a task.
func (l *Log) Refused(s Submit, code lastcall.Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.submits = append(l.submits, submit{Submit: s, refused: code})
}

// TaskSeen records a task as a reader was shown it. A reader reads one answer after the other: name a new one for each
// goroutine.
func (l *Log) TaskSeen(reader string, t lastcall.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string][]lastcall.Task{}
	}
	l.seen[reader] = append(l.seen[reader], t)
}

// Connected records the beginning of a connection. From is the cursor that the client asked to resume from; where it
// asked for none, the one that it was welcomed with.
func (l *Log) Connected(client, conn string, from lastcall.Cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connection(client, conn).from = &from
}

// EventSeen records an event that came over a connection, with its cursor.
func (l *Log) EventSeen(client, conn string, cursor lastcall.Cursor, ev lastcall.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.connection(client, conn)
	c.frames = append(c.frames, frame{cursor: cursor, event: &ev})
}

// Gap records that a client was told of a gap.
func (l *Log) Gap(client, conn string, g lastcall.Gap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.connection(client, conn)
	c.frames = append(c.frames, frame{cursor: g.Cursor, gap: &g})
}

// Effect records that a handler began a run, by its own word: what it saw as its fence, which process it was in, and the
// output that it is going to return, if it knows.
func (l *Log) Effect(task string, run int64, by string, output json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = append(l.runs, ran{task, run, by, output})
}

// Final records the tasks as they stand when all is over: all of them, as the list shows them.
func (l *Log) Final(tasks []lastcall.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.final = map[string]lastcall.Task{}
	for _, t := range tasks {
		if _, ok := l.final[t.ID]; ok {
			l.twice = append(l.twice, t.ID)
		}
		l.final[t.ID] = t
	}
}

// connection finds a connection or begins it. The lock is held.
func (l *Log) connection(client, conn string) *connection {
	if l.conns == nil {
		l.conns = map[string]*connection{}
	}
	c := l.conns[conn]
	if c == nil {
		c = &connection{client: client}
		l.conns[conn] = c
		l.order = append(l.order, conn)
	}
	return c
}
