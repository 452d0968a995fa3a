package httpapi

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lastcall-dev/lastcall"
)

// The hand-written JSON of a task means what encoding/json makes of it, with what is always there besides.
func TestATaskIsWrittenAsEncodingJSONWould(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		task := randomTask(r)
		var b buffer
		b.task(&task)
		got, want := map[string]any{}, map[string]any{}
		if err := json.Unmarshal(b.bytes, &got); err != nil {
			t.Fatalf("%s: %v", b.bytes, err)
		}
		text, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if want["labels"] == nil {
			want["labels"] = map[string]any{}
		}
		if task.Node == "" {
			want["node"] = nil
		}
		want["done"] = task.Status.Done()
		self := "/v1/tasks/" + task.ID
		want["urls"] = map[string]any{"self": self, "events": self + "/events", "cancel": self + "/cancel"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-encoding/json +by hand:\n%s", diff)
		}
	}
}

func randomTask(r *rand.Rand) lastcall.Task {
	names := []string{"", "plain", `with "quotes" and \`, "<b>&amp;</b>", "größer\u2028", "\x7f", "日本"}
	name := func() string { return names[r.IntN(len(names))] }
	values := [][]byte{nil, []byte("null"), []byte(`{"a":[1,2,{"b":"<x>"}]}`), []byte(`"t"`), []byte("1.50")}
	value := func() json.RawMessage { return values[r.IntN(len(values))] }
	at := func() time.Time { return time.UnixMicro(r.Int64N(4e15)).In(time.FixedZone("", r.IntN(3)*1800)).UTC() }
	maybe := func() *time.Time {
		if v := at(); r.IntN(2) == 0 {
			return &v
		}
		return nil
	}
	all := lastcall.Statuses()
	t := lastcall.Task{
		ID: "0190-id", Type: name(), Queue: name(), Client: name(), Status: all[r.IntN(len(all))],
		Input: value(), Output: value(), Run: r.Int64(), Attempt: r.IntN(9), MaxAttempts: r.IntN(9), Crashes: r.IntN(3),
		Interruptions: r.IntN(3), Priority: r.IntN(201) - 100, CreatedAt: at(), RunAt: at(), StartedAt: maybe(),
		FinishedAt: maybe(), ExpiresAt: maybe(), CancelRequestedAt: maybe(), Node: name(),
	}
	if r.IntN(2) == 0 {
		of := "0189-id"
		t.RetryOf = &of
		t.Labels = map[string]string{name(): name(), "k": name()}
		t.Error = &lastcall.TaskError{Code: name(), Message: name(), Detail: value(), Attempt: 1}
		t.Progress = &lastcall.Progress{Percent: r.Float64() * 100, Message: name(), At: at()}
	}
	return t
}
