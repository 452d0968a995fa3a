package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// batch hands a batch in that must be taken.
func (f *fixture) batch(body string, headers ...string) (ids []string, tasks []lastcall.Task) {
	f.t.Helper()
	var got struct{ Tasks []lastcall.Task }
	f.ask("POST", batchPath, body, headers...).wants(http.StatusAccepted).decode(&got)
	for _, t := range got.Tasks {
		ids = append(ids, t.ID)
	}
	return ids, got.Tasks
}

func TestABatchIsAnsweredInItsOrderAndIsOneCallOfTheStore(t *testing.T) {
	f := setUp(t)
	_, tasks := f.batch(` { "tasks" : [ {"type":"echo","input":{"a": [1]},"labels":{"k":"v"}} ,
		{"type":"slow","client":"bob"}, {"type":"echo","delay":"1h"} ] } `, "Lastcall-Client: alice")
	if n := f.store.count("submit"); n != 1 || len(tasks) != 3 {
		t.Fatalf("%d calls of the store, %d tasks", n, len(tasks))
	}
	if string(tasks[0].Input) != `{"a":[1]}` || tasks[0].Client != "alice" || tasks[0].Labels["k"] != "v" {
		t.Errorf("the first is %+v", tasks[0])
	}
	if tasks[1].Queue != "slow-queue" || tasks[1].MaxAttempts != 2 || tasks[1].Client != "bob" {
		t.Errorf("the second does not take what its type says: %+v", tasks[1])
	}
	if tasks[2].Status != lastcall.Scheduled {
		t.Errorf("the third is %+v", tasks[2])
	}
}

func TestABatchOfTheMostTasksIsTaken(t *testing.T) {
	f := setUp(t)
	item := `{"type":"echo","input":"` + strings.Repeat("x", 1500) + `"},`
	if ids, _ := f.batch(`{"tasks":[` + strings.Repeat(item, 999) + strings.TrimSuffix(item, ",") + `]}`); len(ids) != 1000 {
		t.Errorf("%d tasks", len(ids))
	}
	deep := `{"type":"echo","input":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`
	f.batch(`{"tasks":[` + deep + `]}`)
}

// A key is known in a batch and out of it, and may come twice in one.
func TestTheSameKeyGivesTheFirstTaskAgainInABatchToo(t *testing.T) {
	f := setUp(t)
	first := f.submit(`{"type":"echo","input":1}`, "Idempotency-Key: one").ID
	ids, _ := f.batch(`{"tasks":[
		{"type":"echo","input":1,"idempotency_key":"one"},
		{"idempotency_key":"two","type":"echo","input":{"a":1.0,"b":2}},
		{"type":"echo","input":{"b":2,"a":1},"idempotency_key":"two"},
		{"type":"echo","idempotency_key":null}]}`)
	if ids[0] != first || ids[1] == first || ids[1] != ids[2] || slices.Contains(ids[:3], ids[3]) {
		t.Errorf("the first is %s, the batch %q", first, ids)
	}
	if again := f.submit(`{"type":"echo","input":{"b":2,"a":1}}`, "Idempotency-Key: two").ID; again != ids[1] {
		t.Errorf("a submit under the key of a batch is %s, want %s", again, ids[1])
	}
	if n := len(f.store.tasks); n != 3 {
		t.Errorf("there are %d tasks, want 3", n)
	}
}

// G10: a batch is refused whole, and the answer says which of its tasks is to blame.
func TestOneBadTaskRefusesTheBatchAndIsNamed(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`, "Idempotency-Key: one")
	for _, c := range []struct {
		body   string
		code   lastcall.Code
		fields []string
	}{
		{`{"type":"echo"},{"type":"echo","input":2,"idempotency_key":"one"}`, lastcall.CodeIdempotencyMismatch, []string{"idempotency_key#1"}},
		{
			`{"type":"echo","idempotency_key":"new"},{"type":"echo"},{"type":"echo","input":2,"idempotency_key":"new"}`,
			lastcall.CodeIdempotencyMismatch,
			[]string{"idempotency_key#2"},
		},
		{`{"type":"nobody"},{"type":"echo"},{"type":"nothing"}`, lastcall.CodeUnknownType, []string{"type#0", "type#2"}},
		{`{"type":"echo"},{"type":"nobody","queue":""}`, lastcall.CodeInvalidRequest, []string{"queue#1"}},
	} {
		if got := f.ask("POST", batchPath, `{"tasks":[`+c.body+`]}`).refused(c.code); !slices.Equal(got, c.fields) {
			t.Errorf("%s: named are %q, want %q", c.body, got, c.fields)
		}
	}
	if n := len(f.store.tasks); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
}

// G10: an answer is no longer than someone can read, and what is wrong many times is looked at once.
func TestABatchThatIsAllWrongIsAnsweredShortlyAndSoon(t *testing.T) {
	f := setUp(t)
	var twice strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&twice, `"k%d":1,`, i)
	}
	labels := strings.ReplaceAll(twice.String(), ":1,", `:"v",`)
	begun := time.Now()
	for body, most := range map[string]int{
		`{"tasks":[` + strings.Repeat(`{"type":1,"queue":1,"delay":1},`, 999) + `{}]}`: maxErrors,
		`{"tasks":[{` + twice.String() + `"type":"echo"}]}`:                            maxErrors,
		`{"tasks":[{"type":"echo","labels":{` + labels + `"k":"v"}}]}`:                 1,
		`{"tasks":[{` + strings.Repeat(`"type":"echo",`, 100_000) + `"type":"echo"}]}`: maxErrors,
		`{` + twice.String() + `"tasks":[]}`:                                           maxMembers + 2,
	} {
		if got := f.ask("POST", batchPath, body).refused(lastcall.CodeInvalidRequest); len(got) > most {
			t.Errorf("%.40s: %d fields are named, want %d at most", body, len(got), most)
		}
	}
	if took := time.Since(begun); took > 10*time.Second { // comparing each with each takes much longer
		t.Errorf("it took %s", took)
	}
}

func TestANodeThatStopsAloneRefusesBatchesAndRetries(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	f.ask("POST", "/v1/tasks/"+id+"/cancel", "").wants(http.StatusOK)
	f.drain.Start("SIGTERM")
	f.drain.refusing.Store(true)
	f.ask("POST", batchPath, `{"tasks":[{"type":"echo"}]}`).refused(lastcall.CodeDraining)
	f.ask("POST", "/v1/tasks/"+id+"/retry", "").refused(lastcall.CodeDraining)
	if n := f.drain.refused.Load(); n != 2 || len(f.store.tasks) != 1 {
		t.Errorf("%d were refused, there are %d tasks", n, len(f.store.tasks))
	}
}

func TestATypeThatWaitsForWorkersOutsideIsTaken(t *testing.T) {
	f := setUp(t)
	if task := f.submit(`{"type":"report"}`); task.Status != lastcall.Queued || task.Queue != "slow-queue" {
		t.Errorf("got %+v", task)
	}
	f.batch(`{"tasks":[{"type":"report"}]}`)
}
