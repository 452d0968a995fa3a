package checker

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/lastcall-dev/lastcall"
)

// Summary counts what a record holds, for a person to see that a test has done something.
type Summary struct {
	Submitted, Unknown, Refused      int // submits
	Tasks                            int // there in the end
	Succeeded, Failed, Canceled      int
	Expired, Unfinished              int
	Runs                             int64 // starts of them
	Interrupted, Crashed, Retried    int
	Clients, Connections, Events     int // events in mailboxes
	Redelivered, Gaps, HandlersBegan int
}

// Summary counts.
func (l *Log) Summary() Summary {
	a := &audit{Log: l, expect: Expect{Gaps: true}, boxes: map[string]*mailbox{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	a.mailboxes()
	s := Summary{Tasks: len(l.final), Clients: len(a.boxes), Connections: len(l.conns), HandlersBegan: len(l.runs)}
	for _, sub := range l.submits {
		switch {
		case sub.task != nil:
			s.Submitted++
		case sub.refused != "":
			s.Refused++
		default:
			s.Unknown++
		}
	}
	for _, t := range l.final {
		s.count(t)
	}
	for _, box := range a.boxes {
		s.Events += len(box.events)
		s.Redelivered += box.again
		for _, ev := range box.events {
			if ev.Type == lastcall.TaskRetrying {
				s.Retried++
			}
		}
	}
	for _, c := range l.conns {
		for _, f := range c.frames {
			if f.gap != nil {
				s.Gaps++
			}
		}
	}
	return s
}

func (s *Summary) count(t lastcall.Task) {
	s.Runs += t.Run
	s.Interrupted += t.Interruptions
	s.Crashed += t.Crashes
	switch t.Status {
	case lastcall.Succeeded:
		s.Succeeded++
	case lastcall.Failed:
		s.Failed++
	case lastcall.Canceled:
		s.Canceled++
	case lastcall.Expired:
		s.Expired++
	default:
		s.Unfinished++
	}
}

// String is the summary as a table.
func (s *Summary) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "submits\tacknowledged %d\tunknown %d\trefused %d\n", s.Submitted, s.Unknown, s.Refused)
	fmt.Fprintf(w, "tasks\tthere %d\tsucceeded %d\tfailed %d\tcanceled %d\texpired %d\tunfinished %d\n",
		s.Tasks, s.Succeeded, s.Failed, s.Canceled, s.Expired, s.Unfinished)
	fmt.Fprintf(w, "runs\tstarted %d\thanded back %d\tcrashed %d\tretried %d\tseen by handlers %d\n",
		s.Runs, s.Interrupted, s.Crashed, s.Retried, s.HandlersBegan)
	fmt.Fprintf(w, "mailboxes\tclients %d\tconnections %d\tevents %d\tdelivered again %d\tgaps %d\n",
		s.Clients, s.Connections, s.Events, s.Redelivered, s.Gaps)
	_ = w.Flush() // to memory
	return b.String()
}
