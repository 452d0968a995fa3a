package lastcall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// The rules of the transition table, as functions of a task, what happened to it, and a time. They change the task that
// they are given and return the durable event to write with it, if there is one; its Seq, ID and place in a mailbox are
// the store's to fill in. Every store applies them inside the transaction that reads and writes the task.

// Outcome is how a run ended, as told by whoever ran it.
type Outcome struct {
	Task string
	Run  int64 // the fence
	// Holder is that of the run's lease, if a worker outside settles it; empty where the node does that runs it.
	Holder string

	Verdict   Verdict
	Output    json.RawMessage // of Succeed
	Error     *TaskError      // of Fail; Attempt is filled in
	Permanent bool            // Fail: do not try again
	Wait      time.Duration   // Fail: before the next attempt; Release: before it is due again
	Reason    ReleaseReason   // Release: why
	Progress  *Progress       // the run's last word, if it gave one
	Log       []byte          // if not nil: all that is to be kept of what the run wrote, MaxLog at most
	// Checkpoint, if not nil, replaces the one kept for the next run.
	Checkpoint []byte
}

// Verdict is the kind of an outcome.
type Verdict string

// The verdicts.
const (
	Succeed Verdict = "succeed"
	Fail    Verdict = "fail"
	Release Verdict = "release" // given back unfinished: costs no attempt (G4)
)

// ReleaseReason says why a run ended without an outcome; it is data.reason of task.interrupted.
type ReleaseReason string

// The reasons of a release.
const (
	ReleaseDrain   ReleaseReason = "drain"
	ReleaseCrash   ReleaseReason = "crash"
	ReleaseHandler ReleaseReason = "handler" // by the handler's own wish
	ReleaseLease   ReleaseReason = "lease"   // a worker outside let its lease run out, or hung up before it heard of it
)

// Digest tells outcomes apart by what the client is told of them, and by who says so, so that one that is reported again
// is known again, and who only guesses an outcome is not its teller (G11). Waits, reasons and checkpoints are not part of
// it: a second word on a run changes none of them.
func (o *Outcome) Digest() string {
	h := sha256.New()
	h.Write(o.Output)
	if o.Error != nil {
		h.Write([]byte(o.Error.Code + "\x00" + o.Error.Message + "\x00"))
		h.Write(o.Error.Detail)
	}
	if o.Holder != "" {
		h.Write([]byte("\x00" + o.Holder))
	}
	return string(o.Verdict) + ":" + hex.EncodeToString(h.Sum(nil)[:8])
}

// ToQueue makes a scheduled task whose time has come a queued one.
func (t *Task) ToQueue() { t.Status = Queued }

// Start begins a run on behalf of an incarnation of a node.
func (t *Task) Start(incarnation, node string, now time.Time) {
	t.Status, t.Owner, t.Node = Running, incarnation, node
	t.Run++
	t.Attempt++
	t.StartedAt = &now
	t.Progress = nil
	t.LastOutcome = ""
}

// Settle records an outcome. It fails with CodeLeaseLost, and changes nothing, unless the outcome's run is the current
// one and its Holder, if it names one, holds it; repeated is true, and nothing changes either, if that run was already
// settled with the very same outcome by the same holder (G3).
func (t *Task) Settle(o *Outcome, now time.Time) (ev *Event, repeated bool, err error) {
	digest := o.Digest()
	if t.Run != o.Run || (t.Status != Running && t.LastOutcome != digest) ||
		(t.Status == Running && o.Holder != "" && !t.HeldBy(o.Holder, o.Run)) {
		return nil, false, Errorf(CodeLeaseLost, "the run is no longer the current one")
	}
	if t.Status != Running {
		return nil, true, nil
	}
	if o.Checkpoint != nil {
		t.Checkpoint = o.Checkpoint
	}
	if o.Progress != nil {
		t.Progress = o.Progress
	}
	switch {
	case o.Verdict == Succeed: // also when a cancel was asked for: the work is done
		t.Output = o.Output
		if len(t.Output) == 0 {
			t.Output = json.RawMessage("null")
		}
		t.Error = nil
		ev = t.finish(Succeeded, now)
	case t.CancelRequestedAt != nil:
		ev = t.finish(Canceled, now)
	case o.Verdict == Release:
		ev = t.release(o.Reason, o.Wait, now)
	default:
		ev = t.fail(o, now)
	}
	t.LastOutcome = digest
	return ev, false, nil
}

func (t *Task) fail(o *Outcome, now time.Time) *Event {
	e := TaskError{Code: FailureError}
	if o.Error != nil {
		e = *o.Error
	}
	if !json.Valid(e.Detail) {
		e.Detail = nil // or the error could not be told at all
	}
	e.Attempt = t.Attempt
	t.Error = &e
	if o.Permanent || t.Attempt >= t.MaxAttempts {
		return t.finish(Failed, now)
	}
	t.Status, t.Owner = Scheduled, ""
	t.RunAt = after(now, max(o.Wait, 0))
	return t.event(TaskRetrying, now)
}

func (t *Task) release(reason ReleaseReason, wait time.Duration, now time.Time) *Event {
	t.Status, t.Owner = Queued, ""
	if wait > 0 {
		t.Status, t.RunAt = Scheduled, after(now, wait)
	}
	t.Attempt--
	t.Interruptions++
	ev := t.event(TaskInterrupted, now)
	ev.Data = marshal(struct {
		Reason ReleaseReason `json:"reason"`
	}{reason})
	return ev
}

// Cancel asks for the task to end: at once where it waits, at the next word of its run where it runs. A second request
// and one that comes too late change nothing.
func (t *Task) Cancel(now time.Time) (ev *Event, changed bool) {
	switch {
	case t.Status == Running && t.CancelRequestedAt == nil:
		t.CancelRequestedAt = &now
		return nil, true
	case t.Status == Queued, t.Status == Scheduled:
		t.CancelRequestedAt = &now
		return t.finish(Canceled, now), true
	}
	return nil, false
}

// Expire ends a task that has waited too long. Only waiting tasks expire; for others it does nothing.
func (t *Task) Expire(now time.Time) *Event {
	waiting := t.Status == Queued || t.Status == Scheduled
	if !waiting || t.ExpiresAt == nil || t.ExpiresAt.After(now) {
		return nil
	}
	return t.finish(Expired, now)
}

// Crashed takes the tasks that a dead incarnation was running, all of them, and gives them back or ends them. If a
// suspect was among them only the suspects are charged: a task that kills its process cannot drag its neighbours
// along (G4). The events stand in the order of the tasks.
func Crashed(running []*Task, maxCrashes int, now time.Time) []*Event {
	suspected := false
	for _, t := range running {
		suspected = suspected || t.Suspect()
	}
	events := make([]*Event, len(running))
	for i, t := range running {
		if !suspected || t.Suspect() {
			t.Crashes++
		}
		events[i] = t.crash(ReleaseCrash, maxCrashes, now)
	}
	return events
}

func (t *Task) crash(reason ReleaseReason, maxCrashes int, now time.Time) *Event {
	switch {
	case t.CancelRequestedAt != nil:
		return t.finish(Canceled, now)
	case t.Crashes >= maxCrashes:
		t.Error = &TaskError{
			Code: FailureCrashed, Attempt: t.Attempt,
			Message: "the process that ran it died each time",
		}
		return t.finish(Failed, now)
	}
	ev := t.release(reason, 0, now)
	t.Interruptions-- // counted apart
	t.LastOutcome = string(reason)
	return ev
}

// Reclaim takes a running task from an incarnation that leaves without having settled it, uncharged. What its run says
// later is not believed.
func (t *Task) Reclaim(reason ReleaseReason, now time.Time) *Event {
	if t.CancelRequestedAt != nil {
		return t.finish(Canceled, now)
	}
	ev := t.release(reason, 0, now)
	t.LastOutcome = string(reason)
	return ev
}

func (t *Task) finish(s Status, now time.Time) *Event {
	t.Status, t.Owner = s, ""
	t.FinishedAt = &now
	t.Checkpoint = nil
	switch s {
	case Succeeded:
		return t.event(TaskSucceeded, now)
	case Failed:
		return t.event(TaskFailed, now)
	case Canceled:
		return t.event(TaskCanceled, now)
	default:
		return t.event(TaskExpired, now)
	}
}

// event is the durable event of the given type about the task as it now stands.
func (t *Task) event(typ EventType, now time.Time) *Event {
	ev := &Event{Type: typ, Task: t.ID, Run: t.Run, Attempt: t.Attempt, At: now, Data: json.RawMessage("{}")}
	switch typ {
	case TaskSucceeded:
		ev.Data = bytes.Join([][]byte{[]byte(`{"output":`), t.Output, []byte(`}`)}, nil)
	case TaskFailed:
		ev.Data = marshal(struct {
			Error *TaskError `json:"error"`
		}{t.Error})
	case TaskRetrying:
		ev.Data = marshal(struct {
			Error *TaskError `json:"error"`
			RunAt time.Time  `json:"run_at"`
		}{t.Error, t.RunAt})
	}
	return ev
}

// marshal encodes what cannot fail to encode: texts, numbers, times, and a Detail that was seen to be JSON.
func marshal(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}
