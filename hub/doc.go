// Package hub lets clients read their mailboxes as they fill.
//
// A subscriber is a cursor over a mailbox, and no more. It is woken when there may be something to read, asks for the
// next page behind its position, writes it, and asks again until a page comes back empty. Live delivery is replay that
// happens to be short: there is one code path, no moment at which a client changes over from the one to the other, and
// so no gap that an event could fall into (G5). What a wake-up says is a hint; where one is lost, a slow rotation over
// all readers finds what it was about.
//
// Beside the events stand the states of running tasks, of which only the latest is of interest. They come with the
// hints and are kept for each subscriber until it asks, one for each task and a bounded number of tasks, so that a reader
// who is slow costs no memory: its events wait in the store, its states replace one another. A state never follows the
// end of the run that it tells of.
//
// The package knows nothing of transports. It calls Waker.Wake and is then asked, by whatever goroutine the transport
// likes, for the next Batch. A subscriber has no goroutine of its own: one that is idle is a struct in a map.
package hub
