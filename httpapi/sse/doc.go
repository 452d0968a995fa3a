// Package sse serves mailboxes and tasks to clients that speak no WebSocket: as event streams, which browsers resume by
// themselves (EventSource, https://html.spec.whatwg.org/multipage/server-sent-events.html), and as long-polls.
//
// The data of every event is a frame of asyncapi.yaml, the same that a WebSocket carries. What stands in a mailbox has an
// id, its cursor, which comes back as Last-Event-ID; what is only true for the moment has none, so that nobody resumes
// behind it.
//
// # What a stream costs
//
// The goroutine of the HTTP handler is the subscriber: there is no other for it. It waits for news, for its beat and for
// orders, all at one place, and borrows a buffer while it writes. Every write has a deadline of its own, so that a peer who
// does not read is cut off and holds up nobody; the next page is read from the store when the one before it has left. What
// was flushed counts as served: there is no way for the client to say so.
//
// # How a stream ends
//
// An EventSource comes back after every end but 204, as late as the last retry field told it. So a stream begins with a
// retry that suits the day on which the node crashes, and ends, in a drain, with one that is the client's own. It ends its
// connection too: one kept open would lead the client back to the node that it has just been sent away from. Any answer but
// 200 makes an EventSource give up, so that a stream that comes too late begins and ends all the same.
package sse
