package drain

import (
	"errors"
	"fmt"
	"time"
)

// errInterrupted is what Run returns after the third SIGINT, where Exit returns at all.
var errInterrupted = errors.New("drain: interrupted")

// finish reports a drain that came to its end.
func (r *run) finish() error {
	if r.closeErr != nil {
		r.code.Store(ExitCloseFailed)
	}
	report := r.newReport(time.Now(), r.service.Tally())
	r.report.Store(&report)
	r.options.Logger.Info("drain report", "report", line(report))
	r.writeTermination(report)
	if r.closeErr != nil {
		return fmt.Errorf("close: %w", r.closeErr)
	}
	return nil
}

// leave is the third SIGINT: whoever sends it wants the prompt back.
func (r *run) leave() error {
	r.end(ExitInterrupted, "interrupted again")
	return errInterrupted
}
