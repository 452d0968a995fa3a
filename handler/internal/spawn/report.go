package spawn

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// report is what a supervisor writes to its node: first "started PID", and then, when nothing is left of the command,
// "exited CODE" or "killed SIGNAL", behind "interrupted" if somebody has asked it to stop; or "failed WHY" alone. A line
// each.
type report struct {
	pid         int    // of the command, 0 if it did not start
	failed      string // why not
	interrupted bool
	end         *End // nil if the supervisor did not get to say it
}

func startedLine(pid int) string { return fmt.Sprintf("started %d\n", pid) }

// interruptedLine stands before the last line.
const interruptedLine = "interrupted\n"

func failedLine(err error) string { return fmt.Sprintf("failed %v\n", err) }

func endLine(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		return fmt.Sprintf("killed %d\n", ws.Signal())
	}
	return fmt.Sprintf("exited %d\n", ws.ExitStatus())
}

// parseReport reads what has come. A line that was cut off by the supervisor's death says nothing.
func parseReport(text string) report {
	var r report
	for line := range strings.Lines(text) {
		line, whole := strings.CutSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(rest)
		switch {
		case !whole:
		case word == "failed":
			r.failed = rest
		case line+"\n" == interruptedLine:
			r.interrupted = true
		case err != nil:
		case word == "started":
			r.pid = n
		case word == "exited":
			r.end = &End{Code: n, Interrupted: r.interrupted}
		case word == "killed":
			r.end = &End{Signal: syscall.Signal(n), Interrupted: r.interrupted}
		}
	}
	return r
}
