package handler_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G4: a service manager that stops all of a service at once (systemd, by default) sends SIGTERM to the commands too, and
// the node may hear of it later than they do. It costs no attempt, whether they listen or not.
func TestASIGTERMThatIsNotTheNodesIsAnInterruption(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         lastcall.Verdict
		permanent    bool
	}{
		{"it dies of it", `echo up >&2; sleep 1001`, lastcall.Release, false},
		{"it exits after it", listening(`exit 3`), lastcall.Release, false},
		{"it exits as shells do for those that died", listening(`exit 143`), lastcall.Release, false},
		{"it comes to a good end", listening(`exit 0`), lastcall.Succeed, false},
		{"it finds its input wrong", listening(`exit 65`), lastcall.Fail, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			done := make(chan lastcall.Outcome, 1)
			h := shell(t, c.script)
			go func() { done <- r.outcome(t.Context(), h) }()
			until(t, "it is up", func() bool { return r.wrote() == "up\n" })
			r.interrupt(t)
			o := <-done
			if o.Verdict != c.want || o.Permanent != c.permanent {
				t.Errorf("outcome %+v %+v", o, o.Error)
			}
			r.nobodyLeft(t)
		})
	}
}

// listening is a script that does something when it gets SIGTERM.
func listening(does string) string {
	return `trap '` + does + `' TERM; echo up >&2; while :; do sleep 0.01; done`
}

// interrupt sends SIGTERM to everything of the run, the supervisor first, as it has the oldest number.
func (r *liveRun) interrupt(t *testing.T) {
	t.Helper()
	for _, found := range r.alive() {
		dir, line, _ := strings.Cut(found, ": ")
		if !strings.HasPrefix(line, "supervise-run") {
			continue
		}
		signal(t, filepath.Base(dir))
	}
	for _, found := range r.alive() {
		dir, line, _ := strings.Cut(found, ": ")
		if !strings.HasPrefix(line, "supervise-run") && !strings.HasPrefix(line, "sleep 0.01") { // the latter come and go
			signal(t, filepath.Base(dir))
		}
	}
}

// signal sends SIGTERM to a process that may be gone by then.
func signal(t *testing.T, number string) {
	t.Helper()
	pid, err := strconv.Atoi(number)
	if err != nil || pid == os.Getpid() {
		t.Fatalf("%s is no process of a run", number)
	}
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Signal(syscall.SIGTERM)
	}
}
