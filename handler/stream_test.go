package handler_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// says answers line by line, and ends as a service does whose body has no length: with its connection.
func says(lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
		_, _ = io.WriteString(w, strings.Join(lines, "\n"))
	}
}

func TestAServiceTellsHowFarItIsWhileItAnswers(t *testing.T) {
	r := newRun(t)
	told, goOn := make(chan struct{}), make(chan struct{})
	var accepts string
	h := service(t, "", func(w http.ResponseWriter, req *http.Request) {
		accepts = req.Header.Get("Accept")
		says(`{"progress":{"percent":50,"message":"half"},"checkpoint":{"words":3}}`, "", "")(w, req)
		_ = http.NewResponseController(w).Flush()
		close(told)
		<-goOn
		_, _ = io.WriteString(w, `{"output":{"text":"all of it"}}`)
	})
	go func() { // ends with the answer, which waits for it
		<-told
		for deadline := time.Now().Add(patience); len(r.heard()) < 2 && time.Now().Before(deadline); {
			<-time.After(time.Millisecond)
		}
		close(goOn)
	}()
	o := r.outcome(t.Context(), h)
	if o.Verdict != lastcall.Succeed || string(o.Output) != `{"text":"all of it"}` {
		t.Errorf("outcome %+v %+v", o, o.Error)
	}
	if want := []string{"half", `{"words":3}`}; !slices.Equal(r.heard(), want) || r.wrote() != "" {
		t.Errorf("heard %q, want %q; log %q", r.heard(), want, r.wrote())
	}
	if !strings.Contains(accepts, "application/x-ndjson") {
		t.Errorf("a service is not told that it may answer so: Accept is %q", accepts)
	}
}

// heard is what the messages of the first progress and the last checkpoint say, as far as they have come.
func (r *liveRun) heard() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.progress) > 0 {
		all = append(all, r.progress[0].Message)
	}
	if n := len(r.checkpoints); n > 0 {
		all = append(all, r.checkpoints[n-1])
	}
	return all
}

func TestWhatTheLastLineOfAnAnswerSays(t *testing.T) {
	noInk := &lastcall.TaskError{Code: "no_ink", Message: "refill", Detail: []byte(`[1]`)}
	failed := func(code, message string) lastcall.Outcome {
		return lastcall.Outcome{Verdict: lastcall.Fail, Error: &lastcall.TaskError{Code: code, Message: message}}
	}
	released := func(wait time.Duration) lastcall.Outcome {
		return lastcall.Outcome{Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler, Wait: wait}
	}
	large := failed("output_too_large", "the output is longer than 1048576 bytes, which is the most")
	large.Permanent = true
	for _, c := range []struct {
		name string
		line string
		want lastcall.Outcome
	}{
		{"null", `{"output":null}`, lastcall.Outcome{Verdict: lastcall.Succeed, Output: []byte("null")}},
		{"null beside nulls", `{"output":null,"error":null,"release":false}`, lastcall.Outcome{Verdict: lastcall.Succeed, Output: []byte("null")}},
		{
			"no output beside an error", `{"output":null,"error":{"code":"no_ink","message":"refill","detail":[1]}}`,
			lastcall.Outcome{Verdict: lastcall.Fail, Error: noInk},
		},
		{"no output beside a release", `{"output":null,"error":null,"release":true}`, released(lastcall.GiveBackWait(0))},
		{
			"no error on the way", "{\"progress\":{\"percent\":1},\"error\":null}\n{\"output\":1}",
			lastcall.Outcome{Verdict: lastcall.Succeed, Output: []byte("1")},
		},
		{"what follows is not read", "{\"output\":1}\n{\"output\":2}", lastcall.Outcome{Verdict: lastcall.Succeed, Output: []byte("1")}},
		{"a failed attempt", `{"error":{"code":"no_ink","message":"refill","detail":[1]}}`, lastcall.Outcome{Verdict: lastcall.Fail, Error: noInk}},
		{
			"a failure for good", `{"error":{"code":"no_ink","message":"refill","detail":[1]},"permanent":true}`,
			lastcall.Outcome{Verdict: lastcall.Fail, Permanent: true, Error: noInk},
		},
		{
			"a failure that names the time", `{"error":{"code":"no_ink","message":"refill","detail":[1]},"retry_after":"90s"}`,
			lastcall.Outcome{Verdict: lastcall.Fail, Error: noInk, Wait: 90 * time.Second},
		},
		{"an error of another shape", `{"error":"oh"}`, failed("failed", "the handler said that it failed")},
		{"handed back", `{"release":true}`, released(lastcall.GiveBackWait(0))},
		{"handed back for a while", `{"release":true,"retry_after":"17s"}`, released(17 * time.Second)},
		{"handed back for longer than a day", `{"release":true,"retry_after":"1000h"}`, released(24 * time.Hour)},
		{"no outcome", `{"progress":{"percent":1}}`, failed("failed", "the handler gave no answer: the answer ended without an outcome")},
		{"nothing", "", failed("failed", "the handler gave no answer: the answer ended without an outcome")},
		{"a byte more than 1 MiB", `{"output":"` + strings.Repeat("x", 1<<20-1) + `"}`, large},
		{"far more", `{"output":"` + strings.Repeat("x", 2<<20) + `"}`, large},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			c.want.Task, c.want.Run = r.task.ID, r.task.Run
			same(t, r.outcome(t.Context(), service(t, "", says(c.line))), c.want)
		})
	}
}

// G4: a service that stops leaves a checkpoint and hands back, in one line.
func TestACheckpointMayStandBesideTheOutcome(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), service(t, "", says(`{"release":true,"checkpoint":[7]}`)))
	if o.Verdict != lastcall.Release || !slices.Equal(r.heard(), []string{"[7]"}) {
		t.Errorf("outcome %+v, heard %q", o, r.heard())
	}
}

// G4: a service that writes every member on every line has said nothing with null, and keeps the checkpoint that it left.
func TestANullIsNoCheckpoint(t *testing.T) {
	r := newRun(t)
	o := r.outcome(t.Context(), service(t, "", says(`{"checkpoint":{"words":3}}`,
		`{"progress":{"percent":9},"checkpoint":null,"error":null}`, `{"release":true,"checkpoint":null}`)))
	if o.Verdict != lastcall.Release || !slices.Contains(r.heard(), `{"words":3}`) {
		t.Errorf("outcome %+v, heard %q", o, r.heard())
	}
}

// G10.
func TestALineOfAnAnswerThatIsNoMessageIsNotedAndDoesNoHarm(t *testing.T) {
	for _, c := range []struct{ name, line, note string }{
		{"no JSON", "hello", "a line is no message: invalid character 'h' looking for beginning of value"},
		{"of no use", `{"thought":1}`, "a line has neither progress nor checkpoint"},
		{"a time that is none", `{"release":true,"retry_after":"soon"}`, `retry_after: time: invalid duration "soon"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			o := r.outcome(t.Context(), service(t, "", says(c.line, `{"output":1}`)))
			if o.Verdict == lastcall.Fail || r.wrote() != "lastcall: the answer: "+c.note+"\n" {
				t.Errorf("outcome %+v, log %q", o, r.wrote())
			}
		})
	}
}

// G4, G8: what a service has told by then is kept when its connection is closed under it.
func TestTheEndOfTheContextKeepsTheCheckpointOfAnAnswerUnderWay(t *testing.T) {
	for cause, want := range map[error]lastcall.Verdict{lastcall.ErrCanceled: lastcall.Fail, lastcall.ErrDraining: lastcall.Release} {
		r := newRun(t)
		closed := make(chan struct{})
		h := service(t, "", func(w http.ResponseWriter, req *http.Request) {
			says(`{"progress":{"message":"some"},"checkpoint":"some"}`, "")(w, req)
			_ = http.NewResponseController(w).Flush()
			<-req.Context().Done() // which ends with the connection
			close(closed)
		})
		ctx, end := context.WithCancelCause(t.Context())
		go func() { // ends when it has been heard
			for deadline := time.Now().Add(patience); len(r.heard()) == 0 && time.Now().Before(deadline); {
				<-time.After(time.Millisecond)
			}
			end(cause)
		}()
		if o := r.outcome(ctx, h); o.Verdict != want || !slices.Contains(r.heard(), `"some"`) {
			t.Errorf("after %v: %+v, heard %q", cause, o, r.heard())
		}
		select {
		case <-closed:
		case <-time.After(patience):
			t.Errorf("after %v the service still works", cause)
		}
	}
}
