package drain

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// stuck is a log that does not return: standard error is a pipe nobody reads.
type stuck struct {
	slog.Handler
	until chan struct{}
}

func (s stuck) Enabled(context.Context, slog.Level) bool { return true }

func (s stuck) Handle(context.Context, slog.Record) error {
	<-s.until
	return nil
}

// G8: the drain's own goroutine hangs in a log line, and so does everything of
// the service that could.
func TestTheWatchdogNeedsNobody(t *testing.T) {
	r := inBubble(t, Plan{Grace: 30 * time.Second}, func(r *rig) {
		r.service.set(func(f *fake) { f.onLook, f.onTally = f.hangs, f.hang })
		r.terminate()
		r.at(29*time.Second + lastWords)
	}, func(r *rig, o *Options) {
		o.Logger = slog.New(stuck{until: r.service.letGo})
	})
	want := exit{ExitDeadline, 29*time.Second + lastWords}
	if len(r.exits) == 0 || r.exits[0] != want {
		t.Errorf("exits %v, want %v", r.exits, want)
	}
	if got := r.stderr.String(); !strings.Contains(got, "the deadline is reached in phase") || !strings.HasSuffix(got, "exit 3\n") {
		t.Errorf("the last words are %q", got)
	}
}

// G8: not even its own message can hold the watchdog up.
func TestTheWatchdogDoesNotWaitForItsLastWords(t *testing.T) {
	inBubble(t, Plan{Grace: 30 * time.Second}, func(r *rig) {
		r.terminate()
		r.at(29*time.Second + lastWords)
		if want := (exit{ExitDeadline, 29*time.Second + lastWords}); !slices.Equal(r.exited(), []exit{want}) {
			t.Errorf("exits %v, want %v", r.exited(), want)
		}
	}, func(r *rig, o *Options) {
		o.Logger = slog.New(stuck{until: r.service.letGo})
		o.Stderr = writerFunc(func(b []byte) (int, error) {
			<-r.service.letGo
			return len(b), nil
		})
	})
}

func TestTheWatchdogIsCalledOffWhenRunReturns(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.terminate()
		r.is(Closed)
		r.at(time.Hour)
		if len(r.exited()) != 0 {
			t.Errorf("exits %v", r.exited())
		}
	})
}

func TestTheWatchdogLeavesAReportForThePlatform(t *testing.T) {
	file := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(file, []byte(strings.Repeat("what stood there before", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	var left []byte
	var err error
	inBubble(t, Plan{Grace: 30 * time.Second}, func(r *rig) {
		r.terminate()
		r.at(29*time.Second + lastWords)
		// Now, as a process would end here: the rig's goes on, and writes a report of its own.
		if left, err = os.ReadFile(file); err != nil {
			t.Error(err)
		}
	}, func(r *rig, o *Options) {
		o.Logger = slog.New(stuck{until: r.service.letGo})
		o.TerminationFile = file
	})
	var report Report
	if err := json.Unmarshal(left, &report); err != nil || report.ExitCode != ExitDeadline {
		t.Errorf("%v: %s", err, left)
	}
}
