//go:build linux

package spawn

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// nodeName is the argv[0] of this program as a node that is to be killed: it starts its one argument as a script and
// waits for it.
const nodeName = "spawn-test-node"

func TestMain(m *testing.M) {
	if os.Args[0] == nodeName {
		tree, err := Start(script(os.Args[1], os.Args[2]))
		if err == nil {
			_, err = tree.Wait()
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func script(text, remove string) Command {
	return Command{Path: "/bin/bash", Args: []string{"bash", "-c", text}, Env: os.Environ(), Remove: remove}
}

const patience = 30 * time.Second

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

// marked are the processes with a mark in their environment.
func marked(mark string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		env, _ := os.ReadFile(dir + "/environ")
		if strings.Contains(string(env), mark) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			pids = append(pids, pid)
		}
	}
	return pids
}

// G8: a node that is killed takes with it all that its commands have started, and the checkpoint it had put down for
// them. Nobody is there to ask for it.
func TestNothingOutlivesANodeThatIsKilled(t *testing.T) {
	dir := t.TempDir()
	mark := "SPAWN_TEST=" + dir
	kept := filepath.Join(dir, "checkpoint")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("/proc/self/exe")
	node.Args = []string{nodeName, `trap "" TERM HUP INT
		setsid bash -c 'trap "" TERM HUP; (setsid sleep 1001 &); while :; do sleep 1002; done' &
		touch "` + dir + `/started"
		while :; do sleep 1003; done`, kept}
	node.Env = append(os.Environ(), mark)
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "its command has started others", func() bool { return len(marked(mark)) >= 6 }) // node, supervisor, 2 shells, sleeps
	if err := node.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = node.Wait()
	until(t, "nobody is left", func() bool { return len(marked(mark)) == 0 })
	if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the checkpoint is left behind: %v", err)
	}
}

// What a command is given beside its four pipes would keep something of the node's open, or of whoever started that; and
// few programs know what to do with a pipe that does not block.
func TestACommandHasFourPipesThatBlockAndNoOtherFile(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), syscall.F_SETFD, 0); errno != 0 { // as one that is inherited
		t.Fatal(errno)
	}
	mark := "SPAWN_TEST=" + t.TempDir()
	tree, err := Start(Command{Path: "/bin/sleep", Args: []string{"sleep", "1000"}, Env: []string{mark}})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	var dir string
	until(t, "it runs", func() bool {
		for _, pid := range marked(mark) {
			dir = fmt.Sprintf("/proc/%d/", pid)
			if comm, _ := os.ReadFile(dir + "comm"); string(comm) == "sleep\n" {
				return true
			}
		}
		return false
	})
	files, _ := os.ReadDir(dir + "fd")
	for _, f := range files {
		what, _ := os.Readlink(dir + "fd/" + f.Name())
		info, _ := os.ReadFile(dir + "fdinfo/" + f.Name())
		var flags int
		if _, err := fmt.Sscanf(string(info), "pos: %d\nflags: %o", new(int), &flags); err != nil {
			t.Errorf("%s: %v", info, err)
		}
		if f.Name() > "3" || !strings.HasPrefix(what, "pipe:") || flags&syscall.O_NONBLOCK != 0 {
			t.Errorf("file %s is %s with flags %o", f.Name(), what, flags)
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
	tree.Tell(Kill)
	if end, err := tree.Wait(); end != (End{Signal: syscall.SIGKILL}) || err != nil {
		t.Errorf("%+v, %v", end, err)
	}
}

func TestHowACommandEndedIsReported(t *testing.T) {
	for text, want := range map[string]End{
		`exit 0`: {}, `exit 255`: {Code: 255}, `kill -TERM $$`: {Signal: syscall.SIGTERM},
	} {
		tree, err := Start(script(text, ""))
		if err != nil {
			t.Fatal(err)
		}
		if end, err := tree.Wait(); end != want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", text, end, err, want)
		}
		tree.Close()
	}
}

func TestAReportThatIsCutOffSaysNoMoreThanItsWholeLines(t *testing.T) {
	whole := startedLine(42) + "exited 70\n"
	for cut := range len(whole) {
		r := parseReport(whole[:cut])
		if r.end != nil || (r.pid != 0) != (cut >= len(startedLine(42))) {
			t.Errorf("%q is read as %+v", whole[:cut], r)
		}
	}
	if r := parseReport(whole); r.pid != 42 || *r.end != (End{Code: 70}) {
		t.Errorf("all of it is read as %+v", r)
	}
	if r := parseReport(startedLine(42) + interruptedLine + "exited 3\n"); *r.end != (End{Code: 3, Interrupted: true}) {
		t.Errorf("an interruption is read as %+v", r)
	}
}
