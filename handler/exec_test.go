package handler_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

func TestACommandGetsItsInputAndGivesItsOutput(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), shell(t, `read -r line; echo "{\"got\":$line}"; echo "hello there" >&2`))
	if o.Verdict != lastcall.Succeed || string(o.Output) != `{"got":{"n":1}}` {
		t.Errorf("outcome %+v", o)
	}
	if got := r.wrote(); got != "hello there\n" {
		t.Errorf("the log is %q", got)
	}
	r.nobodyLeft(t)
}

func TestACommandKnowsItsRunAndNotTheSettingsOfItsNode(t *testing.T) {
	t.Setenv("LASTCALL_SECRET_SETTING", "x")
	t.Setenv("FROM_THE_NODE", "kept")
	r := newRun(t)
	o := r.outcome(t.Context(), shell(t,
		`echo "\"$LASTCALL_TASK_ID $LASTCALL_RUN $LASTCALL_ATTEMPT $LASTCALL_FENCE $FROM_THE_NODE $OWN `+
			`${LASTCALL_SECRET_SETTING-unset} ${LASTCALL_CHECKPOINT_FILE-unset}\""`,
		func(e *handler.Exec) { e.Env = []string{"OWN=first", "OWN=last"} }))
	if want := `"` + r.task.ID + ` 7 2 7 kept last unset unset"`; string(o.Output) != want {
		t.Errorf("output %s, want %s (%v)", o.Output, want, o.Error)
	}
}

func TestWhatACommandsExitCodeSays(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         lastcall.Outcome
	}{
		{"nothing on standard output is null", `exit 0`, lastcall.Outcome{Verdict: lastcall.Succeed}},
		{"75 hands back, and waits", `exit 75`, lastcall.Outcome{
			Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler, Wait: lastcall.GiveBackWait(0),
		}},
		{"65 fails for good", `echo "no such page" >&2; exit 65`, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: &lastcall.TaskError{Code: "failed", Message: "the command ended with exit code 65: no such page"},
		}},
		{"anything else is a failed attempt, with its last words", `printf 'a\nb\nc\nd\n\n' >&2; exit 3`, lastcall.Outcome{
			Verdict: lastcall.Fail,
			Error:   &lastcall.TaskError{Code: "failed", Message: "the command ended with exit code 3: b\nc\nd"},
		}},
		{"a signal is named", `kill -9 $$`, lastcall.Outcome{
			Verdict: lastcall.Fail,
			Error:   &lastcall.TaskError{Code: "failed", Message: "the command was killed by signal 9 (killed)"},
		}},
		{"its own error", `echo '{"error":{"code":"no_ink","message":"refill","detail":[1]}}'; exit 65`, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: &lastcall.TaskError{Code: "no_ink", Message: "refill", Detail: []byte(`[1]`)},
		}},
		{"no JSON", `echo hello`, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true, Error: &lastcall.TaskError{
				Code: "bad_output", Message: "the output is not JSON: invalid character 'h' looking for beginning of value",
			},
		}},
		{"no UTF-8", `printf '"\xff"'`, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: &lastcall.TaskError{Code: "bad_output", Message: "the output is not JSON: it is not UTF-8"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			c.want.Task, c.want.Run = r.task.ID, r.task.Run
			same(t, r.outcome(t.Context(), shell(t, c.script)), c.want)
			r.nobodyLeft(t)
		})
	}
}

// Whatever it is that a command does with its pipes, its run ends with it and says how it ended.
func TestACommandMayTreatItsPipesAsItLikes(t *testing.T) {
	const most = 1 << 20
	for _, c := range []struct{ name, script, want string }{
		{"as much output as may be", `head -c 1048574 /dev/zero | tr '\0' 1 | sed 's/.*/"&"/' | tr -d '\n'`, "succeed"},
		{"a byte more", `head -c 1048575 /dev/zero | tr '\0' 1 | sed 's/.*/"&"/' | tr -d '\n'`, "output_too_large"},
		{"output without end", `exec yes`, "output_too_large"},
		{"it closes them all and goes on", `exec 0<&- 1>&- 2>&- 3>&-; sleep 0.3; exit 3`, "failed"},
		{"it never reads its input", `exit 0`, "succeed"},
		{"100 MiB on standard error", `head -c 104857600 /dev/zero >&2`, "succeed"},
		{"a child that keeps them open", `sleep 1000 & exit 0`, "succeed"},
		{"a child in a session of its own that keeps them open", `setsid sleep 1000 & exit 0`, "succeed"},
		{"file descriptor 3 without the end of a line", `head -c 3000000 /dev/zero | tr '\0' x >&3`, "succeed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			r.task.Input = []byte(`"` + strings.Repeat("i", most-2) + `"`)
			o := r.outcome(t.Context(), shell(t, c.script))
			got := string(o.Verdict)
			if o.Error != nil {
				got = o.Error.Code
			}
			if got != c.want {
				t.Errorf("outcome %s, want %s: %+v", got, c.want, o.Error)
			}
			r.nobodyLeft(t)
		})
	}
}

// G8: children of children, those with a session of their own, and those whose parents are gone.
func TestNothingThatACommandHasStartedOutlivesIt(t *testing.T) {
	const brood = `
		sleep 1001 &
		setsid sleep 1002 &
		setsid bash -c 'trap "" TERM; (setsid bash -c "trap \"\" TERM HUP; while :; do sleep 1003; done" &) ; sleep 1004' &
		(bash -c 'sleep 1005 & disown' &)
		touch started
	`
	for _, c := range []struct {
		name, script string
		cause        error
		want         lastcall.Verdict
	}{
		{"when it ends by itself", brood + `exit 0`, nil, lastcall.Succeed},
		{"when it is cancelled", brood + `wait`, lastcall.ErrCanceled, lastcall.Fail},
		{
			"when it is handed back and does not listen", `trap "" TERM;` + brood + `while :; do sleep 1006; done`,
			lastcall.ErrDraining, lastcall.Release,
		},
		{"when the time of its attempt is over", brood + `wait`, context.DeadlineExceeded, lastcall.Fail},
		{"when it stopped itself", brood + `kill -STOP $$`, lastcall.ErrCanceled, lastcall.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			dir := t.TempDir()
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			done := make(chan lastcall.Outcome, 1)
			h := shell(t, c.script, func(e *handler.Exec) { e.Dir = dir })
			go func() { done <- r.outcome(ctx, h) }()
			if c.cause != nil {
				until(t, "it has started its children", func() bool { _, err := os.Stat(filepath.Join(dir, "started")); return err == nil })
				end(c.cause)
			}
			o := <-done
			if o.Verdict != c.want {
				t.Errorf("outcome %+v", o)
			}
			r.nobodyLeft(t)
		})
	}
}

// A command that listens comes to an end of its own choosing; what it says then counts.
func TestACommandThatListensIsNotKilled(t *testing.T) {
	r := newRun(t)
	ctx, end := context.WithCancelCause(t.Context())
	h := shell(t, `trap 'echo "{\"checkpoint\":{\"page\":3}}" >&3; exit 75' TERM; echo up >&2; while :; do sleep 0.01; done`,
		func(e *handler.Exec) { e.StopTimeout = patience })
	done := make(chan lastcall.Outcome, 1)
	go func() { done <- r.outcome(ctx, h) }()
	until(t, "it listens", func() bool { return r.wrote() == "up\n" })
	end(lastcall.ErrDraining)
	if o := <-done; o.Verdict != lastcall.Release || o.Reason != lastcall.ReleaseDrain {
		t.Errorf("outcome %+v", o)
	}
	if len(r.checkpoints) != 1 || r.checkpoints[0] != `{"page":3}` {
		t.Errorf("checkpoints %q", r.checkpoints)
	}
}

// A shell does not pass on what it is told: the program behind it has to hear it too.
func TestAllOfTheProcessGroupIsToldToStop(t *testing.T) {
	r := newRun(t)
	ctx, end := context.WithCancelCause(t.Context())
	h := shell(t, `trap : TERM
		(trap 'echo heard >&2; exit' TERM; echo up >&2; while :; do sleep 0.01; done) & until wait; do :; done; exit 75`)
	done := make(chan lastcall.Outcome, 1)
	go func() { done <- r.outcome(ctx, h) }()
	until(t, "both are up", func() bool { return r.wrote() == "up\n" })
	end(lastcall.ErrDraining)
	if o := <-done; o.Verdict != lastcall.Release || !strings.HasSuffix(r.wrote(), "heard\n") {
		t.Errorf("outcome %+v, log %q", o, r.wrote())
	}
}

// G8: it is killed before the worker gives its handler up.
func TestACommandThatDoesNotListenIsKilledInTime(t *testing.T) {
	r := newRun(t)
	ctx, end := context.WithCancelCause(t.Context())
	h := shell(t, `trap "" TERM; echo up >&2; while :; do sleep 0.01; done`)
	done := make(chan lastcall.Outcome, 1)
	go func() { done <- r.outcome(ctx, h) }()
	until(t, "it is up", func() bool { return r.wrote() == "up\n" })
	start := time.Now()
	end(lastcall.ErrCanceled)
	o := <-done
	if took := time.Since(start); o.Error == nil || !strings.Contains(o.Error.Message, "signal 9") || took < 700*time.Millisecond {
		t.Errorf("outcome %+v after %v", o.Error, took)
	}
	r.nobodyLeft(t)
}

func TestTheEarlyWordIsForThoseWhoAskForIt(t *testing.T) {
	for _, c := range []struct {
		notify bool
		want   string
	}{{true, `"early"`}, {false, `"undisturbed"`}} {
		r := newRun(t)
		dir := t.TempDir()
		h := shell(t, `trap 'echo "\"early\""; exit 0' USR1; echo up >&2
			for i in {1..3000}; do [ -e enough ] && break; sleep 0.01; done; echo '"undisturbed"'`,
			func(e *handler.Exec) { e.Notify, e.Dir = c.notify, dir })
		done := make(chan lastcall.Outcome, 1)
		go func() { done <- r.outcome(t.Context(), h) }()
		until(t, "it is up", func() bool { return r.wrote() == "up\n" })
		close(r.draining)
		if !c.notify { // a signal sent all the same would overtake this
			if err := os.WriteFile(filepath.Join(dir, "enough"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if o := <-done; string(o.Output) != c.want {
			t.Errorf("notify %t: outcome %+v", c.notify, o)
		}
	}
}

// G4: a command that has just begun has not got as far as to listen, and a run that begins after the early word never
// has.
func TestTheEarlyWordNeverCostsAnAttempt(t *testing.T) {
	r := newRun(t)
	h := shell(t, `echo up >&2; sleep 1001`, func(e *handler.Exec) { e.Notify = true })
	done := make(chan lastcall.Outcome, 1)
	go func() { done <- r.outcome(t.Context(), h) }()
	until(t, "it is up", func() bool { return r.wrote() == "up\n" })
	close(r.draining)
	if o := <-done; o.Verdict != lastcall.Release {
		t.Errorf("who does not listen: %+v %+v", o, o.Error)
	}
	late := shell(t, `sleep 0.2; echo "\"$LASTCALL_DRAINING\""`, func(e *handler.Exec) { e.Notify = true })
	if o := r.outcome(t.Context(), late); string(o.Output) != `"true"` {
		t.Errorf("a run that began after it: %+v %+v", o, o.Error)
	}
}

// same fails the test unless an outcome is as wanted.
func same(t *testing.T, got, want lastcall.Outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
