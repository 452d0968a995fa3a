package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// settle records an outcome and returns the task as it then is; nil if that was not to be. It goes on for as long as the
// store is away: what a handler has done is worth keeping, and the slot it holds meanwhile keeps the node from taking on
// more than it can settle. The fence makes repeating harmless when the answer was lost on the way. It gives up when the
// run is no longer the current one (G3), and when the hand-back's time is over: then the store takes the task when the
// node leaves, or when its lease runs out.
func (w *Worker) settle(r *run, o *lastcall.Outcome) *lastcall.Task {
	var pause backoff
	for w.hands.Err() == nil {
		ctx, cancel := context.WithTimeout(w.hands, callTimeout)
		t, err := w.store.Settle(ctx, *o)
		cancel()
		w.saw(err)
		if err == nil {
			return &t
		}
		if code := lastcall.CodeOf(err); code == lastcall.CodeLeaseLost || code == lastcall.CodeNotFound {
			w.log.Warn("outcome dropped: the run is no longer the current one", r.attrs("verdict", o.Verdict)...)
			return nil
		}
		w.log.Debug("settle failed", r.attrs("error", err)...) // an outage is logged once, by saw
		pause.sleep(w.hands)
	}
	w.log.Error("no time left to settle", r.attrs("verdict", o.Verdict)...)
	return nil
}

// checkOutput refuses an output that clients could not be shown. Trying again would not help: it is permanent.
func (w *Worker) checkOutput(output []byte) error {
	switch {
	case len(output) == 0: // null
		return nil
	case len(output) > w.o.Limits.Output:
		return lastcall.Permanent(&lastcall.TaskError{
			Code:    lastcall.FailureOutputLarge,
			Message: fmt.Sprintf("the output is %d bytes long; the most is %d", len(output), w.o.Limits.Output),
		})
	case !json.Valid(output) || !utf8.Valid(output): // encoding/json lets broken UTF-8 pass, WebSockets do not
		return lastcall.Permanent(&lastcall.TaskError{
			Code: lastcall.FailureBadOutput, Message: "the output is not JSON",
		})
	case lastcall.Deeper(output, lastcall.MaxDepth-1): // what no body may be, no answer is
		return lastcall.Permanent(&lastcall.TaskError{
			Code: lastcall.FailureBadOutput, Message: fmt.Sprintf("the output is nested deeper than %d levels", lastcall.MaxDepth-1),
		})
	}
	return nil
}

// clip bounds what a handler's error may weigh: it is written with the task and sent with its event.
func (w *Worker) clip(e *lastcall.TaskError) {
	if e == nil {
		return
	}
	e.Code = clipText(e.Code, w.o.Limits.Name)
	e.Message = clipText(e.Message, maxMessage)
	if len(e.Detail) > w.o.Limits.Output || lastcall.Deeper(e.Detail, lastcall.MaxDepth-2) { // it stands in the error of a task
		e.Detail = nil
	}
}

// clipText is s as valid UTF-8 of at most n bytes.
func clipText(s string, n int) string {
	if len(s) > n {
		s = s[:n] // a rune that this cuts in two is no longer valid
	}
	return strings.ToValidUTF8(s, "")
}
