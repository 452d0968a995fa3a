package storetest

import (
	"maps"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// The stores below are good ones with one fault each, of the kind that a store may well have. The suite is worth as much
// as it finds them: each fault names a case that must fail on it. (That it holds for the good one is sqlite's own test.)
func TestTheSuiteFindsFaults(t *testing.T) {
	var successes atomic.Int64 // of all handles of the store that loses some
	faults := map[string]struct {
		says  string
		fault func(lastcall.Store) lastcall.Store
	}{
		"a submit is answered and not written": {
			"Submit is on stable storage when it returns (G1)", func(s lastcall.Store) lastcall.Store { return &forgetful{Store: s} },
		},
		"a submit is written in two halves": {
			"Submit writes all tasks of a call or none (G10)", func(s lastcall.Store) lastcall.Store { return halved{s} },
		},
		"times in the zone of the machine": {
			"Submit goes by the store's clock, in UTC and microseconds", func(s lastcall.Store) lastcall.Store { return zoned{s} },
		},
		"no key is known again": {
			"Idempotency key used by many at once makes one task", func(s lastcall.Store) lastcall.Store { return keyless{s} },
		},
		"a task is claimed twice": {
			"Claim by many at once takes no task twice (G3)", func(s lastcall.Store) lastcall.Store { return &twice{Store: s} },
		},
		"the last come is served first": {
			"Claim goes by the order key, in which waiting weighs as priority does", func(s lastcall.Store) lastcall.Store { return reversed{s} },
		},
		"an old run is believed": {
			"Settle by a run that is not the current one changes nothing (G3)", func(s lastcall.Store) lastcall.Store { return credulous{s} },
		},
		"an output is tidied up": {
			"Settle keeps outputs of up to 1 MiB byte for byte, in the task and in the event",
			func(s lastcall.Store) lastcall.Store { return tidy{s} },
		},
		"a cancel is not passed on": {
			"Cancel reaches the node that runs it by its pulse, until the run has ended", func(s lastcall.Store) lastcall.Store { return deaf{s} },
		},
		"the dead are not missed": {
			"Crash gives back what the dead node ran, uncharged as an attempt and with its checkpoint (G4, G9)",
			func(s lastcall.Store) lastcall.Store { return idle{s} },
		},
		"a leave is only said": {
			"Leave gives back what still runs, uncharged, and silences the rest (G3, G4)",
			func(s lastcall.Store) lastcall.Store { return lingering{s} },
		},
		"nothing expires": {
			"Expiry ends waiting, queued or scheduled, with an event (G2, G5)", func(s lastcall.Store) lastcall.Store { return idle{s} },
		},
		"a mailbox has a new life each time": {
			"Mailbox keeps its epoch over a restart (G5)", func(s lastcall.Store) lastcall.Store { return reborn{s} },
		},
		"an event is left out": {
			"Events come in pages, in order and without a gap (G5)", func(s lastcall.Store) lastcall.Store { return gappy{s} },
		},
		"events come out of order": {
			"Events are gapless, ordered and there with their change, whoever writes meanwhile (G5)",
			func(s lastcall.Store) lastcall.Store { return &shuffled{Store: s} },
		},
		"a page begins with the end of the last one": {
			"List shows each task once while others come and end", func(s lastcall.Store) lastcall.Store { return &repeating{Store: s} },
		},
		"a count is off by one": {
			"Queues count what waits and runs, in the order of names", func(s lastcall.Store) lastcall.Store { return miscounting{s} },
		},
		"anything is forgotten": {
			"Forget of what has not ended is refused, and changes nothing", func(s lastcall.Store) lastcall.Store { return careless{s} },
		},
		"what is forgotten is only hidden": {
			"Forget takes the task's idempotency key with it", func(s lastcall.Store) lastcall.Store { return &hiding{Store: s} },
		},
		"a pause is only said": {
			"Queues that are paused keep their tasks from every claim until they are resumed",
			func(s lastcall.Store) lastcall.Store { return pretending{s} },
		},
		"a pause is only said, for the model": {
			"Everything agrees with the model, walk 1 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return pretending{s} },
		},
		"a log is added to": {
			"Log is what a note or an outcome last said it is", func(s lastcall.Store) lastcall.Store { return hoarding{s} },
		},
		"a log outlives its run": {
			"Log is that of the last run until the next begins", func(s lastcall.Store) lastcall.Store { return &nostalgic{Store: s} },
		},
		"a log outlives its run, for the model": {
			"Everything agrees with the model, walk 3 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return &nostalgic{Store: s} },
		},
		"the events of a task are those of its client": {
			"Events about one task are found by it, however they are mixed", func(s lastcall.Store) lastcall.Store { return chatty{s} },
		},
		"a phase is as old as its node": {
			"Nodes tell how long they have been in their phase, and when they were heard of",
			func(s lastcall.Store) lastcall.Store { return ageing{s} },
		},
		"a peer is looked for first and relied on later": {
			"Announce is entered by one of two that count on each other (G6)", func(s lastcall.Store) lastcall.Store { return trusting{s} },
		},
		"any peer will do": {
			"Announce is entered beside a peer that is fit, and only then (G6)", func(s lastcall.Store) lastcall.Store { return hasty{s} },
		},
		"a dead peer will do": {
			"Announce is not entered beside a dead peer (G6)", func(s lastcall.Store) lastcall.Store { return hasty{s} },
		},
		"a new epoch is only said": {
			"Mailbox is given a new epoch after a restore, and keeps its numbers (G5)",
			func(s lastcall.Store) lastcall.Store { return immortal{s} },
		},
		"nobody is told of nodes": {
			"Hints come of nodes that join, leave and change their phase", func(s lastcall.Store) lastcall.Store { return narrow{s} },
		},
		"nobody is told of what may have become free": {
			"Hints come of a queue that is resumed", func(s lastcall.Store) lastcall.Store { return narrow{s} },
		},
		"nobody is told": {
			"Hints come of types, states, cancels, events and changes", func(s lastcall.Store) lastcall.Store { return silent{s} },
		},
		"a call goes on in the background": {
			"Close leaves no goroutine behind", func(s lastcall.Store) lastcall.Store { return &leaky{Store: s, end: t.Context()} },
		},
		"one success in three loses its output": {
			"Everything agrees with the model, walk 1 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return &lossy{s, &successes} },
		},
		"a count is off by one, for the model": {
			"Everything agrees with the model, walk 2 (G2, G3, G4, G5)", func(s lastcall.Store) lastcall.Store { return miscounting{s} },
		},
		"an event is left out, in a storm": {
			"Everything holds in a storm of submits, claims, settles, cancels and sweeps (G2, G3, G5)",
			func(s lastcall.Store) lastcall.Store { return gappy{s} },
		},
	}
	maps.Copy(faults, lendingFaults)
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			if said := try(t, c.says, openFaulty(t, c.fault)); len(said) == 0 {
				t.Errorf("%q held", c.says)
			} else {
				t.Logf("it says: %.300s", said[0])
			}
		})
	}
}

// openFaulty opens a store with a fault.
func openFaulty(t *testing.T, fault func(lastcall.Store) lastcall.Store) Open {
	t.Helper()
	dir := t.TempDir()
	return func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		s, err := sqlite.Open(tb.Context(), filepath.Join(dir, name), sqlite.Options{})
		if err != nil {
			tb.Fatal(err)
		}
		return fault(s)
	}
}

// The names of the cases are read as the specification: no two may say the same, and each promise that a store has a
// part in is named.
func TestTheSpecificationCanBeRead(t *testing.T) {
	seen := map[string]bool{}
	var all strings.Builder
	for _, s := range specification() {
		for _, c := range s.cases {
			sentence := s.subject + " " + c.says
			if seen[sentence] {
				t.Errorf("%q is said twice", sentence)
			}
			seen[sentence] = true
			all.WriteString(sentence + "\n")
		}
	}
	for _, promise := range []string{"G1", "G2", "G3", "G4", "G5", "G9", "G10", "G11"} {
		if !strings.Contains(all.String(), promise+")") && !strings.Contains(all.String(), promise+",") {
			t.Errorf("no case proves %s", promise)
		}
	}
}
