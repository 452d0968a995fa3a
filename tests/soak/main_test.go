// Package soak_test has everything on at once, for as long as one likes, and asks two things: that no promise is broken, and
// that nothing grows. On each store there are three nodes behind a real HAProxy: one that is never restarted and runs the
// built-in types, and two that run commands, ask services over HTTP and lend to workers. Of those one is restarted in each
// window, mostly told to stop and now and then killed, and they change places once, so that each process that is not
// restarted has a long stretch to grow in.
//
// Time is cut into windows. In each a crowd of clients that nobody has heard of before does all that clients can do; then it
// goes home, everything comes to an end, and package checker holds the record of the window against the promises. So the
// test itself needs no more memory for an hour than for a minute. In the quiet after a window, with nobody connected, each
// process is to hold as many descriptors and goroutines as after the windows before.
//
// Meanwhile every process is measured every few seconds, into a table (CSV) in a folder that the test names. What is
// measured is judged at the end by what it was in the second fifth of a process's life and in the last (verdict_test.go).
//
//	go test ./tests/soak -soak=1h -v      what `make soak` does
//
// Without -soak it is two short windows, as everybody's tests run it: that the promises hold with everything on, and that
// descriptors and goroutines come back.
package soak_test

import (
	"flag"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

var (
	soak   = flag.Duration("soak", 0, "how long; 0 is two short windows")
	window = flag.Duration("window", time.Minute, "how long a window is, with -soak")
	pace   = flag.Duration("pace", 600*time.Millisecond, "how long everybody rests between two requests, on average")
	every  = flag.Duration("every", 5*time.Second, "how often processes are measured, with -soak")
	folder = flag.String("folder", "", "where the measurements go; a new one by default")
)

func TestMain(m *testing.M) {
	lab.SideBySide(2) // a store each
	lab.Main(pg.Main(m))
}
