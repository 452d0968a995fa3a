// Package ws is the WebSocket transport: GET /v1/ws, subprotocol lastcall.v1, one JSON object a text frame. What the
// frames say is described in asyncapi.yaml; this package speaks them.
//
// # What a connection costs
//
// A connection that has nothing to do is one goroutine that reads, on the smallest stack that reading takes, a small
// read buffer, and a struct. The goroutine of the HTTP handler is left behind at the handshake, and with it the buffers
// and the stack of net/http. Everything that is written is written by the pump, a goroutine that is started when there
// is something to write and ends when there is not; it borrows its buffers. There is no timer and no other goroutine for
// each connection: one ticker goes through all of them.
//
// # Who writes, and for how long
//
// Only the pump writes frames, in the order: what the connection itself has to say (welcome, ping, drain), then what the
// subscriber has, page by page. A page is read from the store when the one before it has been written, so that a peer
// who does not read costs no memory; one that takes nothing for WriteTimeout is cut off with 4100 and goes on later
// where it was. The library answers a close by itself, from the reader.
//
// # Locks
//
// A hub.Subscriber calls Wake with its own lock held, and Wake takes conn.mu: so no method of a subscriber is called
// under conn.mu. Server.mu comes before conn.mu.
package ws
