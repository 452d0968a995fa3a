package lab

import (
	"net/http"
	"slices"
	"syscall"

	"github.com/lastcall-dev/lastcall/drain"
)

// Stop tells the process to stop.
func (n *Node) Stop() { n.t.Helper(); n.Signal(syscall.SIGTERM) }

// Drain reads how the drain goes.
func (n *Node) Drain() drain.Status {
	n.t.Helper()
	a := n.Do(http.MethodGet, "/v1/drain", "")
	if a.Status != http.StatusOK {
		n.t.Fatalf("read the drain: %d %s", a.Status, a.Body)
	}
	var s drain.Status
	a.Decode(n, &s)
	return s
}

// AwaitPhase waits until a node that was told to stop is in a phase.
func (n *Node) AwaitPhase(phase drain.Phase) {
	n.t.Helper()
	Until(n.t, "the phase is "+string(phase), func() bool { return n.Drain().Phase == phase })
}

// Drained waits for a process that was told to stop and returns its report. It must have ended in order and in time (G8).
func (n *Node) Drained() *drain.Report {
	n.t.Helper()
	code, report := n.Wait()
	if code != drain.ExitDrained || report == nil || report.SpareMS < 0 {
		n.t.Fatalf("the node at %s exited with %d and the report %+v\n%s", n.Addr, code, report, n.Log())
	}
	return report
}

// Passed reports whether a drain went through a phase.
func Passed(r *drain.Report, phase drain.Phase) bool {
	return slices.ContainsFunc(r.Phases, func(p drain.PhaseTime) bool { return p.Name == phase })
}
