// Package httpapi is lastcall over HTTP: it turns requests into calls of a lastcall.Store and what comes back, errors
// included, into answers. It owns no state of its own but a short-lived list of the types that other nodes run.
//
// # How a request goes through
//
// New builds one table of routes. ServeHTTP looks a request up in it, guards it (guard.go: is the Host ours, does a
// foreign page send this), and runs the call. A call reads its parameters strictly (query.go, decode.go): what is not
// known, given twice or malformed is answered with invalid_request and a sentence for each field, before anything is
// written (G10). It returns an error, or answers once, whole and with its length, through call.answer: that is why a
// panic can still become a clean 500, and why a draining node never forgets its Connection: close. Every error leaves
// through problem.go.
//
// # What it asks of others
//
// The Store is the truth. Waiter, Sockets, Drain and Types (options.go) are the few words that this package needs from
// the hub, the WebSocket, the drain and the node's own table of task types; package server fits them together.
//
// # What it leaves to the http.Server
//
// How long a request may take to arrive is the http.Server's to bound: ReadHeaderTimeout, ReadTimeout (a body that takes
// longer is an invalid_request) and IdleTimeout must be set. WriteTimeout must not be, as it would cut calls that wait;
// the longest wait is bounded here.
//
// The contract is openapi.yaml for requests and answers and asyncapi.yaml for the WebSocket, both embedded and served.
package httpapi
