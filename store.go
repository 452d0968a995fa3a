package lastcall

import (
	"context"
	"time"
)

// Store is the only truth. Each method is one transaction: when it returns nil everything that it did is on stable
// storage (G1), and when it returns an error nothing is, with one exception: after CodeStoreUnavailable the fate of the
// call is unknown, and the caller may repeat it where that is harmless. All methods may be called concurrently; a store
// gathers what comes at the same time into one commit. A call that writes is never half canceled: once begun it ends by
// itself, whatever becomes of ctx. Slices and maps that are passed in are the store's until the call returns; those that
// come back are the caller's. A thing that is not there is CodeNotFound. Times and leases go by the store's own clock.
// Package storetest is the specification in full.
type Store interface {
	Roster
	Books
	Line
	Lender
	Archive
	Mail
	// Watch calls fn with what has moved, after it was committed and in the order of commits, until ctx ends; it
	// returns context.Cause(ctx), or an error when watching is not possible. fn must not block and must not call the
	// store. Hints are a courtesy: one that is lost costs latency, never an event, as every reader also polls.
	Watch(ctx context.Context, fn func([]Hint)) error
	// Close waits for calls under way and releases everything. No call may follow.
	Close() error
}

// Roster is the part of a Store that knows the nodes.
type Roster interface {
	// Join registers a new incarnation of a node, with a lease that Beat renews, and returns its name, never used before.
	Join(ctx context.Context, n NodeInfo) (incarnation string, err error)
	// Beat renews the incarnation's lease, which covers all its runs, and says what the node is doing. It fails with
	// CodeLeaseLost when the incarnation was declared dead or has left: what it ran belongs to others, and it must Join
	// anew.
	Beat(ctx context.Context, b Beat) (Pulse, error)
	// Leave ends an incarnation that runs nothing any more. What it still runs is taken from it (Task.Reclaim, for the
	// reason ReleaseDrain). Leaving twice is no error.
	Leave(ctx context.Context, incarnation string) error
	// Nodes lists the incarnations that were alive within a day, newest first.
	Nodes(ctx context.Context) ([]Node, error)
}

// Line is the part of a Store that moves tasks from their submit to their end.
type Line interface {
	// Submit writes tasks, all of them or none, and answers in their order. A submission under a known idempotency key
	// is answered with the first task; with another digest it fails with CodeIdempotencyMismatch, and the Item of the
	// error's only field is the place of a submission that does. Of two at once under one key, or in one call, one
	// inserts and the other gets its task. What is passed in has been checked by Limits.Check.
	Submit(ctx context.Context, s []Submission) ([]Submitted, error)
	// Claim starts runs of queued tasks, in the order of their OrderKey, at most c.Max altogether and Want.Max of a
	// type. No task is ever claimed twice at a time. Nothing to do is an empty slice. Expired tasks are not claimed.
	// It fails with CodeLeaseLost when the incarnation was declared dead or has left. Runs that come beside an error count.
	Claim(ctx context.Context, c Claim) ([]Task, error)
	// Save keeps what a run wants to outlive it. It fails with CodeLeaseLost unless n.Run is running.
	Save(ctx context.Context, n Note) error
	// Settle records how a run ended, as Task.Settle says, with its event, and returns the task as it then is.
	Settle(ctx context.Context, o Outcome) (Task, error)
	// Cancel asks for a task's end, as Task.Cancel says, and returns the task as it then is.
	Cancel(ctx context.Context, id string) (Task, error)
	// Forget removes a finished task; its events stay in their mailbox. One that has not ended is CodeNotFinished.
	Forget(ctx context.Context, id string) error
	// PauseQueue keeps a queue's tasks from being claimed, or lets them be claimed again, and returns the queue as it
	// then is. What runs goes on. A queue that nobody has submitted to yet may be paused too.
	PauseQueue(ctx context.Context, queue string, paused bool) (Queue, error)
	// Sweep does what time does: queues what has become due, expires what has waited too long, gives back what dead
	// incarnations ran (Crashed) and leases that have run out (Task.LeaseEnded), and forgets what is past its retention.
	// It works in bounded portions, except that the runs of a dead incarnation, whose fates hang together, are always
	// one; when Swept.More is true there is more to do at once. Every node sweeps; of two at once one does each thing.
	Sweep(ctx context.Context, s Sweep) (Swept, error)
}

// Archive is the part of a Store that shows tasks.
type Archive interface {
	// Task returns one task.
	Task(ctx context.Context, id string) (Task, error)
	// Tasks lists tasks, newest first. A page may hold fewer than Limit, even none, and still have a Next: a store
	// looks at a bounded number of rows for each page.
	Tasks(ctx context.Context, f Filter) (TaskPage, error)
	// Log returns what the task's current or last run has written (Note.Log, Outcome.Log); empty if it wrote nothing.
	Log(ctx context.Context, id string) ([]byte, error)
	// TaskEvents returns the mailbox of the task's client as it stands and those of its events that are about the task,
	// in order, from one snapshot. Events that have expired are left out. A mailbox that is not there has no Epoch.
	TaskEvents(ctx context.Context, id string) (Mailbox, []Event, error)
	// Queues counts what waits and runs, queue by queue, in the order of their names.
	Queues(ctx context.Context) ([]Queue, error)
}

// Mail is the part of a Store that keeps what clients are told.
type Mail interface {
	// OpenMailbox returns the client's mailbox, making it if it is not there.
	OpenMailbox(ctx context.Context, client string) (Mailbox, error)
	// Events returns the mailbox as it stands and up to limit events with Seq > after, in order, from one snapshot and
	// without a gap between them. The first may be later than after+1 only if what lies between has expired
	// (Mailbox.Oldest). A client without a mailbox is CodeNotFound.
	Events(ctx context.Context, client string, after int64, limit int) (Mailbox, []Event, error)
	// Ack moves Mailbox.Acked forward to seq, never back and never past the head. An epoch that is not the mailbox's,
	// and a mailbox that is not there, change nothing and are no error.
	Ack(ctx context.Context, client string, upTo Cursor) error
}

// Claim asks for work.
type Claim struct {
	Incarnation string
	Node        string
	Want        []Want
	Max         int // free slots altogether
	Suspects    int // how many suspects may be among them
}

// Want is a type with free slots. Its tasks are taken from every queue that is not paused.
type Want struct {
	Type string
	Max  int
}

// Note is what a run leaves while it goes on; a nil field leaves what is there.
type Note struct {
	Task       string
	Run        int64
	Progress   *Progress
	Checkpoint []byte
	Log        []byte // all that is to be kept of it so far, MaxLog at most
}

// Filter picks tasks; a zero field picks all.
type Filter struct {
	Status []Status
	Type   string
	Queue  string
	Client string
	Labels map[string]string
	Limit  int
	Before string // TaskPage.Next of the page before; what is no such thing is CodeInvalidRequest
}

// TaskPage is a page of a list.
type TaskPage struct {
	Tasks []Task
	Next  string // opaque; "" on the last page
}

// Queue counts a queue's tasks that are not finished.
type Queue struct {
	Name         string        `json:"queue"`
	Queued       int64         `json:"queued"`
	Scheduled    int64         `json:"scheduled"`
	Running      int64         `json:"running"`
	Paused       bool          `json:"paused"`
	OldestQueued time.Duration `json:"-"` // how long the longest waiting queued task has been due
}
