package client

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Message is what a reader of a mailbox is told: Event, Gap and State are the server's word, Connected, Live, Draining
// and Lost say how the reader itself stands.
type Message interface{ message() }

// Event is a durable event. Each comes once to a reader, in order; to one that starts anew it may come again.
type Event struct {
	lastcall.Event
	Cursor lastcall.Cursor // to go on behind it: EventOptions.After
}

// Gap says that events can no longer be had, before anything newer is told.
type Gap lastcall.Gap

// State is the latest of a task that is not finished. Older ones are left out.
type State lastcall.State

// Connected says that a connection stands. It comes for each one, also for the one that a drain makes necessary.
type Connected struct {
	Node   string
	Client string
	Cursor lastcall.Cursor // before the first event to come
	Head   int64           // Seq of the last event that the mailbox holds
}

// Live says that what happened before the connection came about has been told.
type Live struct {
	Cursor lastcall.Cursor
}

// Draining says that the node of the connection is stopping.
type Draining struct {
	Handover bool          // the reader moves to another node, After from now; else it stays to the end
	After    time.Duration // only of a handover
	Deadline time.Duration // when the connection ends at the latest
	Pending  []string      // tasks of this client that run there
}

// Lost says that there is no connection, why, and when the next is tried.
type Lost struct {
	Err   error
	Retry time.Duration
}

func (Event) message()     {}
func (Gap) message()       {}
func (State) message()     {}
func (Connected) message() {}
func (Live) message()      {}
func (Draining) message()  {}
func (Lost) message()      {}
