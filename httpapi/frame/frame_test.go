package frame

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lastcall-dev/lastcall"
)

// TestAnEventFrameIsTheEventAndItsCursor holds the frame that is put together by hand against encoding/json.
func TestAnEventFrameIsTheEventAndItsCursor(t *testing.T) {
	for name, ev := range map[string]lastcall.Event{
		"plain": {
			Seq: 50, ID: "0190", Type: lastcall.TaskSucceeded, Task: "0191", Run: 1, Attempt: 2,
			At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Data: json.RawMessage(`{"output":{"a":"<b>"}}`),
		},
		"empty":   {},
		"strange": {Task: "a\"b\\c\n\u2028é\x7f", Type: "x\ty", ID: "\x00", Data: json.RawMessage(`null`)},
	} {
		t.Run(name, func(t *testing.T) {
			if len(ev.Data) == 0 {
				ev.Data = json.RawMessage(`{}`)
			}
			want := object(t, ev)
			want["t"], want["cursor"] = "event", "EPOCH:"+itoa(ev.Seq)
			got := map[string]any{}
			if err := json.Unmarshal(AppendEvent(nil, &ev, "EPOCH"), &got); err != nil {
				t.Fatalf("%s: %v", AppendEvent(nil, &ev, "EPOCH"), err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAStateFrameIsTheState(t *testing.T) {
	st := lastcall.State{Task: "x", Type: lastcall.TaskProgress, Run: 3, Data: json.RawMessage(`{"percent":1}`)}
	want := object(t, st)
	want["t"] = "state"
	got := map[string]any{}
	if err := json.Unmarshal(AppendState(nil, &st), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func object(t *testing.T, v any) map[string]any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func itoa(n int64) string {
	b, _ := json.Marshal(n)
	return string(b)
}
