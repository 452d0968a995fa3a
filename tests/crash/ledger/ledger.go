package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// ledger is the file of runs: one line for each, written at once, so that a SIGKILL leaves whole lines.
type ledger struct{ file *os.File }

func openLedger(path string) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return &ledger{f}, nil
}

// Receipt is what a run that succeeds returns, so that a kept output tells whose it is.
type Receipt struct {
	Run int64 `json:"run"`
	PID int   `json:"pid"`
}

// Entry is a line of the ledger.
type Entry struct {
	Task    string   `json:"task"`
	Run     int64    `json:"run"`
	PID     int      `json:"pid"`
	Receipt *Receipt `json:"receipt"` // what the run is going to return; nil if it will not
}

// begin writes down that a run has begun.
func (l *ledger) begin(r lastcall.Run, receipt *Receipt) error {
	line, err := json.Marshal(Entry{r.Task().ID, r.Fence(), os.Getpid(), receipt})
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(line, '\n'))
	return err
}

// Job is what the type "work" is given.
type Job struct {
	MS     int  `json:"ms"`     // how long it takes
	Fails  int  `json:"fails"`  // how many attempts fail before one succeeds
	Doomed bool `json:"doomed"` // its first attempt fails for good
}

// work is a run of the type "work".
func (l *ledger) work(ctx context.Context, j Job) (Receipt, error) {
	r := lastcall.RunFrom(ctx)
	receipt := Receipt{r.Fence(), os.Getpid()}
	fails := j.Doomed || r.Attempt() <= j.Fails
	will := &receipt
	if fails {
		will = nil
	}
	if err := l.begin(r, will); err != nil {
		return Receipt{}, err
	}
	took := time.NewTimer(time.Duration(j.MS) * time.Millisecond)
	defer took.Stop()
	select {
	case <-took.C:
	case <-ctx.Done():
		return Receipt{}, context.Cause(ctx)
	}
	switch {
	case j.Doomed:
		return Receipt{}, lastcall.Permanent(&lastcall.TaskError{Code: "doomed", Message: "as it was to be"})
	case fails:
		return Receipt{}, fmt.Errorf("attempt %d of %d that fail", r.Attempt(), j.Fails)
	}
	return receipt, nil
}

// poison is a run of the type "poison": it takes the process with it.
func (l *ledger) poison(ctx context.Context, _ struct{}) (Receipt, error) {
	err := l.begin(lastcall.RunFrom(ctx), nil)
	if err == nil {
		os.Exit(1)
	}
	return Receipt{}, err
}
