package systemd_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G8: who is told READY finds a node that serves; from the signal on each extension comes before the one before it is
// over, and none reaches beyond the grace; people can read what is waited for. So TimeoutStopSec may be short, and the
// grace long.
func TestTheManagerIsToldOfEveryStepOfADrain(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{
		"a path":           filepath.Join(t.TempDir(), "notify"),
		"an abstract name": "@lastcall-test-" + strconv.Itoa(os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const grace = 15 * time.Second
			e := newEar(t, at)
			n := e.start(0, "--grace", grace.String(), "--drain-hand-back=3s", "--stop-timeout=1s")
			e.await("READY=1", says("READY", "1"))
			<-n.Serving()
			if a := n.Do(http.MethodGet, "/readyz", ""); a.Status != http.StatusOK {
				t.Errorf("it said READY, and answers %d", a.Status)
			}
			e.await("a status", says("STATUS", "ready: 0 running, 0 connections"))
			n.Sleep("alice", time.Minute)
			short := n.Sleep("alice", time.Minute)
			e.await("what runs", says("STATUS", "ready: 2 running"))
			signaled := time.Now()
			n.Signal(syscall.SIGTERM)
			words := e.await("STOPPING=1", says("STOPPING", "1"))
			first := words[len(words)-1]
			if first.extension(t) == 0 {
				t.Errorf("the first word of the drain is %v, and asks for no time", first.states)
			}
			words = append([]word{first}, e.await("both are waited for", says("STATUS", "finish: waits for 2 tasks and 0 clients, "))...)
			n.Do(http.MethodPost, "/v1/tasks/"+short.ID+"/cancel", "")
			words = append(words, e.await("one is waited for", says("STATUS", "finish: waits for 1 tasks and 0 clients, "))...)
			code, _ := n.Wait()
			ended := time.Now()
			for w, ok := e.hears(time.Millisecond); ok; w, ok = e.hears(time.Millisecond) {
				words = append(words, w)
			}
			if code != drain.ExitDrained {
				t.Errorf("it ended with %d", code)
			}
			until := first.at
			for _, w := range words {
				if w.at.After(until) && w.at != first.at {
					t.Errorf("%v after the signal nothing was left of the time asked for before", w.at.Sub(signaled))
				}
				if _, fed := w.states["WATCHDOG"]; fed {
					t.Errorf("nobody asked for a sign of life: %v", w.states)
				}
				if by := w.extension(t); by > 0 {
					until = w.at.Add(by)
					// The word itself took a moment to get here, on a machine that is busy.
					if late := until.Sub(signaled.Add(grace)); late > time.Second {
						t.Errorf("%v after the signal it asks for %v, which is %v beyond the grace", w.at.Sub(signaled), by, late)
					}
				}
			}
			if ended.After(until.Add(time.Second)) {
				t.Errorf("it ended %v after the time that it had asked for", ended.Sub(until))
			}
		})
	}
}

// A watchdog's time, of which a node uses a third. Tests wait a few of them for a word that must not come.
const watchdog = 1500 * time.Millisecond

// A process that does not run is silent, and one that runs again, through a drain too, is not.
func TestAProcessThatIsStoppedDoesNotFeedTheWatchdog(t *testing.T) {
	t.Parallel()
	e := newEar(t, filepath.Join(t.TempDir(), "notify"))
	n := e.start(watchdog, "--grace=30s")
	<-n.Serving()
	for range 3 {
		e.await("it lives", says("WATCHDOG", "1"))
	}
	n.Sleep("alice", 4*time.Second)
	n.Signal(syscall.SIGSTOP)
	for _, ok := e.hears(watchdog); ok; _, ok = e.hears(watchdog) { // what was on its way
	}
	if w, ok := e.hears(watchdog); ok {
		t.Errorf("it is stopped, and says %v", w.states)
	}
	n.Signal(syscall.SIGCONT)
	e.await("it lives again", says("WATCHDOG", "1"))
	n.Signal(syscall.SIGTERM)
	e.await("STOPPING=1", says("STOPPING", "1"))
	for range 2 {
		e.await("it lives through a drain", says("WATCHDOG", "1"))
	}
	if code, _ := n.Wait(); code != drain.ExitDrained {
		t.Errorf("it ended with %d", code)
	}
}

// G8: the goroutine of a drain hangs, in a log that nobody reads. All else goes on, and still nothing is said any more:
// neither that the process lives, nor that it needs more time.
func TestADrainThatHangsIsSilent(t *testing.T) {
	t.Parallel()
	e := newEar(t, filepath.Join(t.TempDir(), "notify"))
	unread, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), lab.Binary(t), lab.ServeArgs(lab.Data(t), "--grace=20s", "--drain-hand-back=2s", "--stop-timeout=1s")...)
	cmd.Env, cmd.Stderr = append(os.Environ(), e.environment(watchdog)...), log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	e.await("it lives", says("WATCHDOG", "1"))
	lab.FillPipe(t, log)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// It hangs before the drain is shown to anybody, or behind; what was on its way counts for neither.
	for _, ok := e.hears(watchdog); ok; _, ok = e.hears(watchdog) {
	}
	if w, ok := e.hears(2 * watchdog); ok {
		t.Errorf("it hangs, and says %v", w.states)
	}
	if err := cmd.Process.Kill(); err != nil { // as the manager would
		t.Fatal(err)
	}
	_ = cmd.Wait()
	ended = true
}
