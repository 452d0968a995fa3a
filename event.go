package lastcall

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// EventType says what happened to a task.
type EventType string

// Durable events: they stand in the client's mailbox, in order, and are replayed.
const (
	TaskSucceeded   EventType = "task.succeeded"   // data: {"output":…}
	TaskFailed      EventType = "task.failed"      // data: {"error":{…}}
	TaskCanceled    EventType = "task.canceled"    // data: {}
	TaskExpired     EventType = "task.expired"     // data: {}
	TaskRetrying    EventType = "task.retrying"    // data: {"error":{…},"run_at":"…"}
	TaskInterrupted EventType = "task.interrupted" // data: {"reason":"drain|crash|handler|lease"}
)

// States: only the latest of a task is of interest; they have no place in the mailbox and are never replayed.
const (
	TaskQueued   EventType = "task.queued"
	TaskStarted  EventType = "task.started"
	TaskProgress EventType = "task.progress" // data: {"percent":…,"message":…}
)

// Terminal reports whether the event is the last word on its task.
func (t EventType) Terminal() bool {
	switch t {
	case TaskSucceeded, TaskFailed, TaskCanceled, TaskExpired:
		return true
	}
	return false
}

// Event is something that happened to a task, as it stands in a mailbox. It commits in the same transaction as the
// change that it reports (G5).
type Event struct {
	Seq     int64           `json:"seq"` // position in the mailbox: from 1, without gaps
	ID      string          `json:"id"`  // UUIDv7
	Type    EventType       `json:"type"`
	Task    string          `json:"task"`
	Run     int64           `json:"run"`
	Attempt int             `json:"attempt"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// State is the latest that is known of a task that is not finished, for clients that watch it live.
type State struct {
	Task string          `json:"task"`
	Type EventType       `json:"type"`
	Run  int64           `json:"run"`
	Data json.RawMessage `json:"data"`
}

// Cursor is a position in a mailbox: everything up to and including Seq is known. Clients treat its text as opaque.
type Cursor struct {
	Epoch string
	Seq   int64
}

// String is the cursor on the wire, EPOCH:SEQ.
func (c Cursor) String() string { return c.Epoch + ":" + strconv.FormatInt(c.Seq, 10) }

// maxEpoch bounds the text of an epoch that a client may send.
const maxEpoch = 64

// ParseCursor reads what String wrote. It fails on anything else: an empty or overlong epoch, a negative or
// malformed number.
func ParseCursor(s string) (Cursor, error) {
	epoch, num, ok := strings.Cut(s, ":")
	if !ok || epoch == "" || len(epoch) > maxEpoch || !printable(epoch) {
		return Cursor{}, fmt.Errorf("cursor %.80q is not of the form EPOCH:SEQ", s)
	}
	seq, err := strconv.ParseInt(num, 10, 64)
	if err != nil || seq < 0 || num != strconv.FormatInt(seq, 10) {
		return Cursor{}, fmt.Errorf("cursor %.80q has no position", s)
	}
	return Cursor{Epoch: epoch, Seq: seq}, nil
}

// NewEpoch mints the name of a new mailbox's life. It is random, so that a mailbox made anew is never taken for the old.
func NewEpoch() string { return rand.Text()[:13] }

// Mailbox is where a client's events are kept.
type Mailbox struct {
	Client string
	Epoch  string
	Oldest int64 // the first event that is kept; Head+1 if none is
	Head   int64 // the last event written, kept or not; 0 if there was none
	Acked  int64 // what the client has acknowledged, cumulative; 0 if it never did
}

// Gap tells a client that events between its cursor and Cursor can no longer be had.
type Gap struct {
	Why    GapReason
	From   int64 // first and last of what is gone; only of GapExpired
	To     int64
	Cursor Cursor // where it goes on
}

// GapReason says why there is a gap.
type GapReason string

// The reasons of a gap.
const (
	GapExpired GapReason = "expired" // the events are past their retention
	GapEpoch   GapReason = "epoch"   // the mailbox is a new one; what it holds follows
	GapAhead   GapReason = "ahead"   // the cursor is past the head: the store was restored from a backup
)

// Resume says where a client that holds c goes on: at c itself when all that followed is kept, else behind the gap.
func (m *Mailbox) Resume(c Cursor) (Cursor, *Gap) {
	switch {
	case c.Epoch != m.Epoch:
		at := Cursor{m.Epoch, m.Oldest - 1}
		return at, &Gap{Why: GapEpoch, Cursor: at}
	case c.Seq > m.Head:
		at := Cursor{m.Epoch, m.Head}
		return at, &Gap{Why: GapAhead, Cursor: at}
	case c.Seq+1 < m.Oldest:
		at := Cursor{m.Epoch, m.Oldest - 1}
		return at, &Gap{Why: GapExpired, From: c.Seq + 1, To: m.Oldest - 1, Cursor: at}
	}
	return c, nil
}

// Start is where a client without a cursor begins: behind what it acknowledged, or at the oldest kept event.
func (m *Mailbox) Start() Cursor {
	if m.Acked > 0 {
		return Cursor{m.Epoch, m.Acked}
	}
	return Cursor{m.Epoch, m.Oldest - 1}
}
