package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// childEnv names, to a process that a test has started, the store that it is to use.
const childEnv = "LASTCALL_TEST_CHILD_STORE"

// child is what such a process does: it submits, claims and settles, prints what was acknowledged, line by line, and
// goes on until it is killed or its input ends.
func child(path string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	incarnation, err := s.Join(ctx, lastcall.NodeInfo{Name: "child"})
	if err != nil {
		return err
	}
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		out = bufio.NewWriter(os.Stdout)
	)
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format+"\n", args...)
		out.Flush()
	}
	wg.Go(func() { // ends when the parent closes our input
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	})
	for range 8 {
		wg.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				if err := submitAndSettle(ctx, s, incarnation, say); err != nil && ctx.Err() == nil {
					say("failed %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	return s.Close()
}

func submitAndSettle(ctx context.Context, s *Store, incarnation string, say func(string, ...any)) error {
	out, err := s.Submit(ctx, []lastcall.Submission{oneOf("a")})
	if err != nil {
		return err
	}
	say("submitted %s", out[0].Task.ID)
	tasks, err := s.Claim(ctx, lastcall.Claim{
		Incarnation: incarnation, Node: "child", Max: 1, Suspects: 1, Want: []lastcall.Want{{Type: "a", Max: 1}},
	})
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if _, err := s.Settle(ctx, lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Succeed}); err != nil {
			return err
		}
		say("settled %s", t.ID)
	}
	return nil
}

// process is a child that runs.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func startChild(tb testing.TB, path string) *process {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	return &process{cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
}

// read reads n lines, or all that are left with n < 0, and sorts the ids by what was said of them.
func (p *process) read(tb testing.TB, n int, into map[string][]string) {
	tb.Helper()
	for ; n != 0 && p.lines.Scan(); n-- {
		verb, id, _ := strings.Cut(p.lines.Text(), " ")
		if verb == "failed" {
			tb.Errorf("the child says: %s", p.lines.Text())
		}
		into[verb] = append(into[verb], id)
	}
}

// G1, G2: a process that is killed loses nothing of what it has acknowledged, and the next one on the same file, while
// another works on it all the time, goes on at once.
func TestAKilledProcessLosesNothingItHasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	said := map[string][]string{}
	stays := startChild(t, path)
	for range 2 {
		victim := startChild(t, path)
		victim.read(t, 40, said)
		if err := victim.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		victim.read(t, -1, said)
		_ = victim.cmd.Wait() // says that it was killed
	}
	stays.read(t, 30, said)
	if err := stays.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	stays.read(t, -1, said)
	if err := stays.cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	s := openAt(t, path)
	defer s.Close()
	sweep(t, s, join(t, s, "after"))
	for _, id := range said["submitted"] {
		if _, err := s.Task(t.Context(), id); err != nil {
			t.Fatalf("an acknowledged task: %v", err)
		}
	}
	settled := map[string]bool{}
	for _, id := range said["settled"] {
		if settled[id] {
			t.Errorf("task %s was settled twice", id)
		}
		settled[id] = true
		if task, err := s.Task(t.Context(), id); err != nil || task.Status != lastcall.Succeeded {
			t.Fatalf("an acknowledged result: %+v, %v", task, err)
		}
	}
	if len(said["submitted"]) < 50 || len(settled) < 20 {
		t.Fatalf("%d submits and %d settles prove little", len(said["submitted"]), len(settled))
	}
	wantSound(t, s)
}

// wantSound fails the test unless the file is sound and what it counts is what it holds.
func wantSound(tb testing.TB, s *Store) {
	tb.Helper()
	err := s.read(tb.Context(), "test", func(v view) error {
		for sql, want := range map[string]string{
			"PRAGMA integrity_check": "ok",
			`SELECT count(*) FROM queues q WHERE
				q.scheduled <> (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.status = 0) OR
				q.queued <> (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.status = 1) OR
				q.running <> (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.status = 2)`: "0",
			`SELECT count(*) FROM mailboxes m WHERE
				m.head - m.oldest + 1 <> (SELECT count(*) FROM events e WHERE e.mailbox = m.id)`: "0",
			`SELECT count(*) FROM tasks t WHERE t.status = 3 AND
				1 <> (SELECT count(*) FROM events e WHERE e.task = t.id AND e.type = 0)`: "0",
			"SELECT count(*) FROM task_parts p WHERE p.task NOT IN (SELECT id FROM tasks)": "0",
		} {
			st := v.conn.Stmt(sql)
			if _, err := st.Step(); err != nil {
				return err
			}
			if got := st.ColText(0); got != want {
				tb.Errorf("%s: %s, want %s", sql, got, want)
			}
			st.Reset()
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}
