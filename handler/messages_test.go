package handler_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

func TestACommandTellsItsProgressAndCheckpointsByLines(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), shell(t, `
		echo '{"progress":{"percent":42,"message":"page 3 of 7"}}' >&3
		echo '{"progress":{"percent":50},"checkpoint":[1, 2]}' >&3
		printf '{"checkpoint":"the end of the line is missing"}' >&3`))
	if o.Verdict != lastcall.Succeed {
		t.Fatalf("outcome %+v", o)
	}
	want := []lastcall.Progress{{Percent: 42, Message: "page 3 of 7"}, {Percent: 50}}
	if !slices.Equal(r.progress, want) {
		t.Errorf("progress %v", r.progress)
	}
	if n := len(r.checkpoints); n == 0 || n > 2 || r.checkpoints[n-1] != `"the end of the line is missing"` {
		t.Errorf("checkpoints %q: the last one is kept, others may be overtaken", r.checkpoints)
	}
	if r.wrote() != "" {
		t.Errorf("log %q", r.wrote())
	}
}

// G10.
func TestALineThatIsNoMessageIsNotedAndDoesNoHarm(t *testing.T) {
	for _, c := range []struct{ name, script, note string }{
		{"no JSON", `echo hello >&3`, "a line is no message: invalid character 'h' looking for beginning of value"},
		{"of another shape", `echo '{"progress":7}' >&3`, "a line is no message: json: cannot unmarshal number"},
		{"with neither", `echo '{"progres":{}}' >&3`, "a line has neither progress nor checkpoint"},
		{"too long", `(head -c 1060000 /dev/zero | tr '\0' ' '; echo) >&3`, "a line is too long to be a message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			o := r.outcome(t.Context(), shell(t, c.script+`; echo '{"progress":{"percent":1}}' >&3; echo '"done"'`))
			if string(o.Output) != `"done"` || len(r.progress) != 1 {
				t.Errorf("outcome %+v, progress %v", o, r.progress)
			}
			if !strings.HasPrefix(r.wrote(), "lastcall: file descriptor 3: "+c.note) {
				t.Errorf("log %q", r.wrote())
			}
		})
	}
}

func TestBadLinesDoNotFloodTheLog(t *testing.T) {
	r := newRun(t)
	r.outcome(t.Context(), shell(t, `for i in {1..1000}; do echo nonsense; done >&3`))
	if n := strings.Count(r.wrote(), "\n"); n != 10 {
		t.Errorf("%d lines of log", n)
	}
}

func TestACheckpointThatIsNotKeptIsNoted(t *testing.T) {
	r := newRun(t)
	r.refuses = errors.New("too large")
	o := r.outcome(t.Context(), shell(t, `echo '{"checkpoint":1}' >&3`))
	if o.Verdict != lastcall.Succeed || r.wrote() != "lastcall: a checkpoint was not kept: too large\n" {
		t.Errorf("outcome %+v, log %q", o, r.wrote())
	}
}

// G4: the next run begins with what the last one kept.
func TestACheckpointComesBackInAFileOfItsOwn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := newRun(t)
	r.task.Checkpoint = []byte(`{"page":3}`)
	o := r.outcome(t.Context(), shell(t, `
		printf '{"mode":"%s","holds":%s}' "$(stat -c %a "$LASTCALL_CHECKPOINT_FILE")" "$(cat "$LASTCALL_CHECKPOINT_FILE")"`))
	if string(o.Output) != `{"mode":"600","holds":{"page":3}}` {
		t.Errorf("outcome %+v", o)
	}
	if left, _ := filepath.Glob(os.Getenv("TMPDIR") + "/*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestWhatCannotBeRunIsSaidBeforeAnyTaskIsTaken(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "data.txt")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		exec handler.Exec
		want string
	}{
		{handler.Exec{}, "exec: the command is empty"},
		{handler.Exec{Command: []string{"no-such-command"}}, `exec: the command no-such-command cannot be run: executable file not found in $PATH`},
		{
			handler.Exec{Command: []string{"./run.sh"}, Dir: dir},
			`exec: the command ./run.sh, which is ` + dir + `/run.sh, cannot be run: no such file or directory`,
		},
		{handler.Exec{Command: []string{file}}, `exec: the command ` + file + ` cannot be run: permission denied`},
		{handler.Exec{Command: []string{"true", "a\x00b"}}, `exec: "a\x00b" holds a zero byte, which no command can be given`},
		{handler.Exec{Command: []string{"true"}, Dir: file}, `exec: the directory of the command: ` + file + ` is a file`},
		{
			handler.Exec{Command: []string{"true"}, Dir: dir + "/no"},
			`exec: the directory of the command: stat ` + dir + `/no: no such file or directory`,
		},
		{handler.Exec{Command: []string{"true"}, Env: []string{"NAME"}}, `exec: "NAME" is no NAME=value for the environment`},
		{
			handler.Exec{Command: []string{"true"}, StopTimeout: -1},
			"exec: a stop timeout and a limit of the output must not be negative",
		},
	} {
		if _, err := c.exec.Handler(); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.exec, err, c.want)
		}
	}
}

// A file may be replaced or removed while the node runs: that is a failed attempt, not the end of it.
func TestACommandThatIsGoneByThenIsAFailedAttempt(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "run.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := handler.Exec{Command: []string{"./run.sh"}, Dir: dir}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t)
	if o := r.outcome(t.Context(), h); o.Verdict != lastcall.Succeed {
		t.Errorf("while it is there: %+v", o)
	}
	if err := os.Remove(script); err != nil {
		t.Fatal(err)
	}
	o := r.outcome(t.Context(), h)
	if want := "run " + script + ": no such file or directory"; o.Verdict != lastcall.Fail || o.Permanent || o.Error.Message != want {
		t.Errorf("outcome %+v %+v", o, o.Error)
	}
}

// A supervisor is the only one who knows all that its command has started. Without it the node does what it can.
func TestACommandWhoseSupervisorIsKilledIsAFailedAttempt(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), shell(t, `sleep 1007 & kill -9 $PPID; while :; do sleep 1008; done`))
	if o.Verdict != lastcall.Fail || o.Permanent || o.Error.Message != "the supervisor of the command was killed" {
		t.Errorf("outcome %+v %+v", o, o.Error)
	}
	until(t, "nobody is left", func() bool { return len(r.alive()) == 0 })
}

// ignored is what this process was started to ignore, and with it all that it starts.
func ignored(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "SigIgn:") {
			return strings.ReplaceAll(strings.TrimSpace(line), "\t", "")
		}
	}
	t.Fatal("/proc/self/status says nothing of what is ignored")
	return ""
}

// What asks every process of a service to stop (systemd's KillMode=control-group) must not part a supervisor from its
// command.
func TestASupervisorIsDeafToWhatAsksProcessesToStop(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), shell(t, `
		for s in TERM INT HUP QUIT PIPE USR1 USR2 ALRM TSTP; do kill -$s $PPID; done; sleep 0.1
		(trap) >&2; echo "\"$(ps -o comm= -p $PPID), ignoring $(grep SigIgn /proc/self/status | tr -d '\t')\""`))
	if want := `"supervise-run, ignoring ` + ignored(t) + `"`; string(o.Output) != want {
		t.Errorf("output %s, want %s: what a supervisor ignored its command would ignore too (%+v)", o.Output, want, o.Error)
	}
}
