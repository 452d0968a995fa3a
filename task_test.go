package lastcall_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The transition table, written down a second time.
func TestStatusesFollowEachOtherAsTheTableSays(t *testing.T) {
	const s, q, r, ok, fa, ca, ex = lastcall.Scheduled, lastcall.Queued, lastcall.Running,
		lastcall.Succeeded, lastcall.Failed, lastcall.Canceled, lastcall.Expired
	table := map[lastcall.Status][]lastcall.Status{
		s: {q, ca, ex}, q: {r, ca, ex}, r: {s, q, ok, fa, ca}, ok: {}, fa: {}, ca: {}, ex: {},
	}
	if len(lastcall.Statuses()) != len(table) {
		t.Fatalf("the statuses are %v", lastcall.Statuses())
	}
	for _, from := range lastcall.Statuses() {
		for _, to := range append(lastcall.Statuses(), "", "unknown") {
			if got, want := from.CanBecome(to), slices.Contains(table[from], to); got != want {
				t.Errorf("%s can become %s: %v, want %v", from, to, got, want)
			}
		}
		if got, want := from.Done(), len(table[from]) == 0; got != want {
			t.Errorf("%s is done: %v, want %v (G2)", from, got, want)
		}
	}
	for _, odd := range []lastcall.Status{"", "unknown", "Queued"} {
		if odd.Valid() || odd.Done() || odd.CanBecome(q) {
			t.Errorf("%q is taken for a status", odd)
		}
	}
}

func TestAPointOfPriorityIsWorthAMinuteOfWaiting(t *testing.T) {
	due := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for priority, want := range map[int]time.Time{
		0: due, 1: due.Add(-time.Minute), -1: due.Add(time.Minute), 100: due.Add(-100 * time.Minute), -100: due.Add(100 * time.Minute),
	} {
		task := lastcall.Task{RunAt: due, Priority: priority}
		if got := task.OrderKey(); !got.Equal(want) {
			t.Errorf("the key of priority %d is %v, want %v", priority, got, want)
		}
	}
}

// The names on the wire, less done and urls, which are added where a task is shown.
func TestATaskHasTheNamesOfTheWire(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC)
	other := "01900000-0000-7000-8000-000000000001"
	whole := lastcall.Task{
		ID: "01900000-0000-7000-8000-000000000000", Type: "render", Queue: "default", Client: "alice", Status: lastcall.Running,
		Input: json.RawMessage(`{"any":"json"}`), Output: json.RawMessage(`1`),
		Error:    &lastcall.TaskError{Code: "x", Message: "m", Detail: json.RawMessage(`[1]`), Attempt: 1},
		Progress: &lastcall.Progress{Percent: 42, Message: "page 3 of 7", At: at},
		Run:      3, Attempt: 1, MaxAttempts: 5, Crashes: 1, Interruptions: 1, Priority: -7, Labels: map[string]string{"k": "v"},
		CreatedAt: at, RunAt: at, StartedAt: &at, FinishedAt: &at, ExpiresAt: &at, CancelRequestedAt: &at, Node: "pod-a", RetryOf: &other,
		Timeout: time.Minute, Checkpoint: []byte("secret"), Owner: "incarnation", LastOutcome: "digest",
	}
	const want = `{"id":"01900000-0000-7000-8000-000000000000","type":"render","queue":"default","client":"alice","status":"running",` +
		`"input":{"any":"json"},"output":1,"error":{"code":"x","message":"m","detail":[1],"attempt":1},` +
		`"progress":{"percent":42,"message":"page 3 of 7","at":"2026-01-02T03:04:05.000678Z"},` +
		`"run":3,"attempt":1,"max_attempts":5,"crashes":1,"interruptions":1,"priority":-7,"labels":{"k":"v"},` +
		`"created_at":"2026-01-02T03:04:05.000678Z","run_at":"2026-01-02T03:04:05.000678Z","started_at":"2026-01-02T03:04:05.000678Z",` +
		`"finished_at":"2026-01-02T03:04:05.000678Z","expires_at":"2026-01-02T03:04:05.000678Z",` +
		`"cancel_requested_at":"2026-01-02T03:04:05.000678Z","node":"pod-a","retry_of":"01900000-0000-7000-8000-000000000001"}`
	wantJSON(t, whole, want)
}

func TestATaskThatHasNotRunShowsNulls(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	task := (&lastcall.Submission{Type: "render"}).NewTask("ID", at)
	task.Labels = map[string]string{}
	wantJSON(t, task, `{"id":"ID","type":"render","queue":"default","client":"anonymous","status":"queued","input":null,"output":null,`+
		`"error":null,"progress":null,"run":0,"attempt":0,"max_attempts":5,"crashes":0,"interruptions":0,"priority":0,"labels":{},`+
		`"created_at":"2026-01-02T03:04:05Z","run_at":"2026-01-02T03:04:05Z","started_at":null,"finished_at":null,"expires_at":null,`+
		`"cancel_requested_at":null,"retry_of":null}`)
}

func wantJSON(t *testing.T, v any, want string) {
	t.Helper()
	got, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("the JSON is\n%s\nwant\n%s", got, want)
	}
}
