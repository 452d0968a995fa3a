package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run is a run as the handler sees it, with what it leaves.
type run struct {
	lastcall.Run
	last []byte
	kept []byte
	told []string
}

func (r *run) LastCheckpoint() []byte       { return r.last }
func (r *run) Progress(_ float64, m string) { r.told = append(r.told, m) }
func (r *run) Checkpoint(data []byte) error { r.kept = data; return nil }

// G4: a report that was cut off goes on at the page where it was.
func TestAReportGoesOnFromItsCheckpoint(t *testing.T) {
	r := &run{last: []byte(`{"title":"Q3","pages":["page 1 of Q3","page 2 of Q3"]}`)}
	doc, err := write(lastcall.WithRun(t.Context(), r), Report{Title: "Q3", Pages: 3})
	if err != nil || len(doc.Pages) != 3 {
		t.Fatalf("got %v, %v", doc, err)
	}
	if len(r.told) != 1 || r.told[0] != "page 3 of 3" {
		t.Errorf("it made again what it had: %v", r.told)
	}
	var kept Document
	if err := json.Unmarshal(r.kept, &kept); err != nil || len(kept.Pages) != 3 {
		t.Errorf("the checkpoint is %s", r.kept)
	}
}

// A handler that is told to stop says why, so that the task is handed back, or canceled.
func TestAReportStopsWithTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(lastcall.ErrDraining)
	_, err := write(lastcall.WithRun(ctx, &run{}), Report{Title: "Q3", Pages: 3})
	if err != lastcall.ErrDraining { //nolint:errorlint // the very cause
		t.Errorf("got %v", err)
	}
}

// The whole program: the type is registered, and a report without pages fails for good.
func TestNoPagesFailForGood(t *testing.T) {
	srv, err := server.New(server.Options{
		Listen: "127.0.0.1:0", Store: "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
		Logger: slog.New(slog.DiscardHandler), Signals: make(chan os.Signal),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	lastcall.Handle(srv, "report", write)
	typ, ok := srv.Lookup("report")
	if !ok {
		t.Fatal("the type is not there")
	}
	_, err = typ.Handler.Handle(lastcall.WithRun(t.Context(), &run{}), []byte(`{"title":"Q3","pages":0}`))
	task := lastcall.Task{Run: 1, Attempt: 1, MaxAttempts: 5}
	o := lastcall.OutcomeOf(&task, nil, err, nil, lastcall.Backoff{}, 0)
	if o.Verdict != lastcall.Fail || !o.Permanent || o.Error.Code != "no_pages" || !strings.Contains(o.Error.Message, "one page") {
		t.Errorf("got %+v", o)
	}
}
