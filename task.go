package lastcall

import (
	"encoding/json"
	"slices"
	"time"
)

// Status is where a task stands. The last four are terminal: a task enters one of them once and never leaves it (G2).
type Status string

// The statuses of a task.
const (
	Scheduled Status = "scheduled" // waits for its time: submitted for later, or backing off
	Queued    Status = "queued"    // due; the next free worker takes it
	Running   Status = "running"   // a node or a worker outside holds a lease on it
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Canceled  Status = "canceled"
	Expired   Status = "expired" // its expires_in passed while it was waiting
)

// moves is the transition table: every status, and what may follow it. Nothing else is ever written by a store.
var moves = map[Status][]Status{
	Scheduled: {Queued, Canceled, Expired},
	Queued:    {Running, Canceled, Expired},
	Running: {
		Succeeded, Failed, Canceled,
		Scheduled, // a failed attempt, or a hand-back that waits
		Queued,    // handed back by a drain or a crash
	},
	Succeeded: nil,
	Failed:    nil,
	Canceled:  nil,
	Expired:   nil,
}

// CanBecome reports whether next may follow s.
func (s Status) CanBecome(next Status) bool { return slices.Contains(moves[s], next) }

// Done reports whether s is terminal.
func (s Status) Done() bool { return s.Valid() && len(moves[s]) == 0 }

// Valid reports whether s is one of the statuses above.
func (s Status) Valid() bool {
	_, ok := moves[s]
	return ok
}

// Statuses lists them all, in the order of a task's life.
func Statuses() []Status {
	return []Status{Scheduled, Queued, Running, Succeeded, Failed, Canceled, Expired}
}

// Task is one unit of work. Its JSON is the task of the REST API, less what depends on the address it is asked at.
// Times are UTC, in microseconds, by the store's clock.
type Task struct {
	ID     string `json:"id"` // UUIDv7: ids sort by the time of their submit
	Type   string `json:"type"`
	Queue  string `json:"queue"`
	Client string `json:"client"`
	Status Status `json:"status"`

	Input    json.RawMessage `json:"input"`
	Output   json.RawMessage `json:"output"` // of a success only
	Error    *TaskError      `json:"error"`  // of the last failed attempt
	Progress *Progress       `json:"progress"`

	Run           int64 `json:"run"`     // the fence: counts starts, never goes back
	Attempt       int   `json:"attempt"` // counts starts that were not cut off
	MaxAttempts   int   `json:"max_attempts"`
	Crashes       int   `json:"crashes"`       // times a node died while running it alone or unsuspected
	Interruptions int   `json:"interruptions"` // times it was handed back

	Priority int               `json:"priority"`
	Labels   map[string]string `json:"labels"`

	CreatedAt         time.Time  `json:"created_at"`
	RunAt             time.Time  `json:"run_at"`
	StartedAt         *time.Time `json:"started_at"` // of the current or last run
	FinishedAt        *time.Time `json:"finished_at"`
	ExpiresAt         *time.Time `json:"expires_at"`
	CancelRequestedAt *time.Time `json:"cancel_requested_at"`

	Node    string  `json:"node,omitempty"` // the name of the node, or worker outside, of the current or last run
	RetryOf *string `json:"retry_of"`

	// What follows is between the store and the worker, and not on the wire.

	Timeout     time.Duration `json:"-"` // of one attempt; 0: its type's
	Checkpoint  []byte        `json:"-"` // what an earlier run left for the next
	Owner       string        `json:"-"` // incarnation, or Lease.Holder, that holds the current run
	LastOutcome string        `json:"-"` // Outcome.Digest of what ended the last run, for repeats
}

// Suspect reports whether a crash lies behind the task, so that a node runs it beside no other suspect.
func (t *Task) Suspect() bool { return t.Crashes > 0 }

// PriorityStep is what one point of priority is worth in the order of service: a task of priority p is served as if it
// had become due p steps earlier. Waiting ages every task at the same pace, so that no priority starves another.
const PriorityStep = 60 * time.Second

// OrderKey is the task's place in the line, smallest first; equal keys are served in the order of ids. It is fixed when
// the task is queued.
func (t *Task) OrderKey() time.Time {
	return t.RunAt.Add(-time.Duration(t.Priority) * PriorityStep)
}

// Progress is the latest word of a running handler.
type Progress struct {
	Percent float64   `json:"percent"` // 0 to 100
	Message string    `json:"message,omitempty"`
	At      time.Time `json:"at"`
}

// TaskError says why an attempt failed. The code is the handler's own or one of the Failure… constants.
type TaskError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Detail  json.RawMessage `json:"detail"`
	Attempt int             `json:"attempt"`
}

// The codes that a task's error carries when its handler gave none.
const (
	FailureError       = "failed"           // the handler returned an error without a code
	FailureTimeout     = "timeout"          // an attempt ran longer than its timeout
	FailureCrashed     = "crashed"          // its node died under it too often
	FailureBadInput    = "bad_input"        // the input is not what the handler's type decodes
	FailureBadOutput   = "bad_output"       // the output is no JSON, or nested too deep
	FailureOutputLarge = "output_too_large" // the output is over the limit
	FailurePanic       = "panic"            // the handler panicked
)

// Error makes a TaskError an error that a handler may return to set the code, message and detail itself.
func (e *TaskError) Error() string { return e.Code + ": " + e.Message }
