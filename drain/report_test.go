package drain

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// eventful drains a service in which everything happened once.
func eventful(t *testing.T, change ...func(*rig, *Options)) *rig {
	t.Helper()
	return inBubble(t, Plan{Shared: true, Linger: true, Kubernetes: true}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.look.Busy = 1
			f.tally = Tally{WorkTally{5, 2, 1}, ClientTally{4, 30, 2}}
		})
		r.terminate()
		r.counted("/v1/tasks")()
		r.counted("/metrics")()
		r.CountRefused()
		r.at(2 * time.Second)
		r.service.set(func(f *fake) { f.look.Peer = true })
		r.Poke()
		synctest.Wait()
		r.at(7 * time.Second)
		r.service.set(func(f *fake) { f.look.Busy = 0 })
		r.Poke()
	}, change...)
}

// The report is part of the wire: programs read it.
const eventfulReport = `{"signal":"SIGTERM",` +
	`"phases":[{"name":"linger","ms":2000},{"name":"announce","ms":3000},{"name":"finish","ms":2000},` +
	`{"name":"hand_back","ms":0},{"name":"closed","ms":0}],` +
	`"tasks":{"finished":5,"handed_back":2,"fenced":1},"clients":{"served":4,"handed_over":30,"closed":2},` +
	`"requests_after_signal":1,"refused":1,"spare_ms":22000,"exit_code":0}`

func TestTheReportSaysItAllOnceOnTheLog(t *testing.T) {
	r := eventful(t)
	if got, _ := json.Marshal(r.Status().Report); string(got) != eventfulReport {
		t.Errorf("the status says\n%s", got)
	}
	want := `"msg":"drain report","report":` + eventfulReport
	if got := strings.Count(r.log.String(), want); got != 1 {
		t.Errorf("%d such lines in\n%s", got, &r.log)
	}
}

func TestATextLogHasTheSameReport(t *testing.T) {
	var log bytes.Buffer
	eventful(t, func(_ *rig, o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	if want := strings.ReplaceAll(eventfulReport, `"`, `\"`); !strings.Contains(log.String(), want) {
		t.Errorf("not in\n%s", &log)
	}
}

func TestThePlatformFindsTheReportIfItLooksForOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "termination-log")
	at := func(_ *rig, o *Options) { o.TerminationFile = file }
	if r := eventful(t, at); r.err != nil || strings.Contains(r.log.String(), "WARN") {
		t.Errorf("a missing file is an error: %v", r.err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file was created, though nobody looks there")
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventful(t, at)
	if got, _ := os.ReadFile(file); strings.TrimSpace(string(got)) != eventfulReport {
		t.Errorf("the file has\n%s", got)
	}
}

func TestTheStatusBeforeAndDuringADrain(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		want := `{"phase":"ready","signal":"","since":"2000-01-01T00:00:00Z","deadline":null,` +
			`"waiting_for":{"tasks":["7"],"connections":3},"report":null}`
		if got := r.served(); got != want {
			t.Errorf("before:\n%s", got)
		}
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		r.at(time.Second)
		r.terminate()
		want = `{"phase":"finish","signal":"SIGTERM","since":"2000-01-01T00:00:01Z","deadline":"2000-01-01T00:00:30Z",` +
			`"waiting_for":{"tasks":["7"],"connections":3},"report":null}`
		if got := r.served(); got != want {
			t.Errorf("during:\n%s", got)
		}
	})
}

// served is what ServeStatus answers.
func (r *rig) served() string {
	w := httptest.NewRecorder()
	r.ServeStatus(w, nil)
	return strings.TrimSpace(w.Body.String())
}
