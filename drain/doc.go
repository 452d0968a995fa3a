// Package drain is the orderly stop of a process, on its own: it knows when to
// refuse, when to wait, what to stop and when to be gone, and nothing of what
// the process does. Any Go service can use it.
//
// A platform that replaces a process sends it SIGTERM and, a grace later,
// SIGKILL. What happens between the two is a race that most programs lose in
// one of three ways: they close at once and cut off who is inside, they wait
// for one slow client until they are killed, or they refuse requests that
// nobody else could take yet. Here one deadline bounds everything, and the way
// there is cut into phases (Ready, Linger, Announce, Finish, HandBack, Closed)
// by a pure function, Step, of the plan, the time and a Look at the service. It
// is tested under a clock that never runs; see testdata/scenarios.
//
// Around it stands a Drainer, one goroutine that hears signals, asks a Service
// for its Look, and tells it the Orders of each phase. It never waits for the
// service: a call that does not return in time is left behind, and a watchdog
// that takes no lock ends the process at the deadline when all else hangs.
//
// An http.Server needs nothing but HTTP, which also waits for hijacked
// connections (WebSockets), as net/http does not:
//
//	d, err := drain.HTTP(srv, drain.Plan{Grace: 20 * time.Second}, drain.HTTPOptions{})
//	go srv.ListenAndServe()
//	err = d.Run(ctx) // returns when drained
//
// Anything else implements Service and calls New.
package drain
