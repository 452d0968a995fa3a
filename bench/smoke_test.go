package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain makes this test binary the load when a part starts it as such, which is how the program starts itself.
func TestMain(m *testing.M) {
	if os.Getenv(selfEnv) != "" {
		if err := run(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// tiny is the least that goes through every line.
var tiny = sizes{
	widths: []int{4}, seconds: 50 * time.Millisecond, paced: 100 * time.Millisecond, backlog: 1100,
	sockets: 20, busy: 100 * time.Millisecond,
	bout: bout{tasks: 300, backlog: 100, portion: 100, warm: 20 * time.Millisecond, counts: 50 * time.Millisecond},
}

// newRig is a rig with the command built.
func newRig(t *testing.T) *rig {
	t.Helper()
	r, err := openRig(options{sizes: tiny, rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	if err := buildCommand(t.Context(), "..", r.command); err != nil {
		t.Fatal(err)
	}
	return r
}

// Each part is measured for a moment, with real processes, and shows what it found: nothing here judges a number.
func TestEveryPartMeasuresAndShowsWhatItFound(t *testing.T) {
	r := newRig(t)
	c, stop, err := openCluster(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	r.cluster = c
	for _, p := range parts() {
		t.Run(p.name, func(t *testing.T) {
			file, err := p.measure(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.show(file)
			if err != nil {
				t.Fatal(err)
			}
			if s.title == "" || s.text == "" {
				t.Errorf("an empty section of %s", file)
			}
		})
	}
}
