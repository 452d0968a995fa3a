package httpapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

func (f *fixture) list(target string) (ids []string, next string) {
	f.t.Helper()
	var page struct {
		Tasks []lastcall.Task
		Next  *string
	}
	f.ask("GET", target, "").wants(http.StatusOK).decode(&page)
	if page.Tasks == nil {
		f.t.Error("an empty page is null")
	}
	for _, t := range page.Tasks {
		ids = append(ids, t.ID)
	}
	if page.Next != nil {
		next = *page.Next
	}
	return ids, next
}

func TestAListGoesFromPageToPageNewestFirst(t *testing.T) {
	f := setUp(t)
	var want []string
	for range 5 {
		want = append(want, f.submit(`{"type":"echo"}`).ID)
	}
	slices.Reverse(want)
	var got []string
	for target := "/v1/tasks?limit=2"; ; {
		ids, next := f.list(target)
		got = append(got, ids...)
		if next == "" {
			break
		}
		target = "/v1/tasks?limit=2&cursor=" + next
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func TestAListOfNothingIsAnEmptyPage(t *testing.T) {
	f := setUp(t)
	if ids, next := f.list("/v1/tasks"); len(ids) != 0 || next != "" {
		t.Errorf("got %q, %q", ids, next)
	}
}

func TestEveryFilterReachesTheStore(t *testing.T) {
	f := setUp(t)
	f.list("/v1/tasks?status=queued,running&status=failed&type=echo&queue=q&client=alice&label.a=1&label.b.c=%C3%BC&limit=7")
	got := f.store.filter
	if !slices.Equal(got.Status, []lastcall.Status{lastcall.Queued, lastcall.Running, lastcall.Failed}) {
		t.Errorf("status %q", got.Status)
	}
	if got.Type != "echo" || got.Queue != "q" || got.Client != "alice" || got.Limit != 7 {
		t.Errorf("filter %+v", got)
	}
	if len(got.Labels) != 2 || got.Labels["a"] != "1" || got.Labels["b.c"] != "ü" {
		t.Errorf("labels %v", got.Labels)
	}
	f.list("/v1/tasks")
	if got := f.store.filter; got.Limit != 50 || got.Labels != nil || got.Status != nil {
		t.Errorf("without parameters the filter is %+v", got)
	}
}

func TestOnAListTheClientIsAFilterAndNotWhoAsks(t *testing.T) {
	f := setUp(t)
	want := f.submit(`{"type":"echo","client":"alice"}`).ID
	f.submit(`{"type":"echo","client":"bob"}`)
	var page struct{ Tasks []lastcall.Task }
	f.ask("GET", "/v1/tasks?client=alice", "", "Lastcall-Client: bob").wants(http.StatusOK).decode(&page)
	if len(page.Tasks) != 1 || page.Tasks[0].ID != want {
		t.Errorf("listed %+v", page.Tasks)
	}
}

func TestACancelIsAnsweredWithTheTaskWhateverItsStatus(t *testing.T) {
	f := setUp(t)
	queued, running := f.submit(`{"type":"echo"}`).ID, f.submit(`{"type":"echo"}`).ID
	f.store.change(running, false, start)
	for _, c := range []struct {
		id, body string
		want     lastcall.Status
	}{
		{queued, "", lastcall.Canceled},
		{queued, "{}", lastcall.Canceled},
		{running, " {} ", lastcall.Running},
		{running, `{"why":null}`, lastcall.Running},
	} {
		a := f.ask("POST", "/v1/tasks/"+c.id+"/cancel", c.body)
		if c.body == `{"why":null}` { // no field is known, whatever it says
			a.refused(lastcall.CodeInvalidRequest)
			continue
		}
		if task := a.wants(http.StatusOK).task(); task.Status != c.want || task.CancelRequestedAt == nil {
			t.Errorf("%s is %s, asked to stop at %v", c.id, task.Status, task.CancelRequestedAt)
		}
	}
}

func TestQueuesAreCountedWithTheirTotals(t *testing.T) {
	f := setUp(t)
	for _, body := range []string{`{"type":"echo"}`, `{"type":"echo","delay":"1h"}`, `{"type":"slow"}`} {
		f.submit(body)
	}
	f.store.change(f.submit(`{"type":"slow"}`).ID, false, start)
	f.store.change("0190-0003", false, start)
	var got struct {
		Queues []struct {
			Queue                      string
			Queued, Scheduled, Running int
			Paused                     bool
			OldestQueuedAgeMS          *int `json:"oldest_queued_age_ms"`
		}
		Totals struct{ Queued, Scheduled, Running int }
	}
	f.ask("GET", "/v1/queues", "").wants(http.StatusOK).decode(&got)
	if len(got.Queues) != 2 {
		t.Fatalf("got %+v", got)
	}
	def, slow := got.Queues[0], got.Queues[1]
	if def.Queue != "default" || def.Queued != 1 || def.Scheduled != 1 || def.OldestQueuedAgeMS == nil || *def.OldestQueuedAgeMS != 1500 {
		t.Errorf("default: %+v", def)
	}
	if slow.Queue != "slow-queue" || slow.Running != 2 || slow.OldestQueuedAgeMS != nil {
		t.Errorf("slow-queue: %+v", slow)
	}
	if got.Totals.Queued != 1 || got.Totals.Scheduled != 1 || got.Totals.Running != 2 {
		t.Errorf("totals: %+v", got.Totals)
	}
}

func TestQueuesAndNodesOfAnEmptyStoreAreEmptyLists(t *testing.T) {
	f := setUp(t)
	if got := f.ask("GET", "/v1/queues", "").wants(http.StatusOK).body; got != `{"queues":[],"totals":{"queued":0,"scheduled":0,"running":0}}` {
		t.Error(got)
	}
	if got := f.ask("GET", "/v1/nodes", "").wants(http.StatusOK).body; got != `{"nodes":[]}` {
		t.Error(got)
	}
}

func TestNodesAreListedAsTheStoreKnowsThem(t *testing.T) {
	f := setUp(t)
	f.store.nodes = []lastcall.Node{
		{Name: "pod-a", Incarnation: "a.1", Phase: "ready", Version: "v1", Running: 3, Connections: 4, Types: []string{"echo"}},
		{Name: "pod-b", Incarnation: "b.1", Phase: "finish", Version: "v1"},
	}
	var got struct{ Nodes []map[string]any }
	f.ask("GET", "/v1/nodes", "").wants(http.StatusOK).decode(&got)
	if len(got.Nodes) != 2 || got.Nodes[0]["node"] != "pod-a" || got.Nodes[0]["running"] != 3.0 || got.Nodes[1]["types"] == nil {
		t.Errorf("got %v", got)
	}
}

func TestADrainIsStartedOnceAndShown(t *testing.T) {
	f := setUp(t)
	phase := func(a *answer) string {
		var d struct{ Phase string }
		a.decode(&d)
		return d.Phase
	}
	if got := phase(f.ask("GET", "/v1/drain", "").wants(http.StatusOK)); got != "ready" {
		t.Errorf("before: %s", got)
	}
	for range 2 {
		a := f.ask("POST", "/v1/drain", "").wants(http.StatusAccepted)
		if got := phase(a); got != "finish" || a.header.Get("Connection") != "close" {
			t.Errorf("after: %s, Connection %q", got, a.header.Get("Connection"))
		}
	}
	if got := f.drain.reason.Load(); got != "api" {
		t.Errorf("the reason is %v", got)
	}
}

func TestProbesFollowTheDrainAndNothingElse(t *testing.T) {
	f := setUp(t)
	probe := func(path string) (int, string) {
		a := f.ask("GET", path+"?cache=bust", "", "Accept: text/html")
		if late := a.status == http.StatusServiceUnavailable; late != (a.header.Get("Retry-After") != "") {
			t.Errorf("%s: %d with Retry-After %q", path, a.status, a.header.Get("Retry-After"))
		}
		return a.status, a.body
	}
	check := func(when, path string, status int, body string) {
		t.Helper()
		if s, b := probe(path); s != status || b != body {
			t.Errorf("%s: %s is %d %s, want %d %s", when, path, s, b, status, body)
		}
	}
	const draining = `{"status":"draining","phase":"finish"}`
	check("before", "/readyz", 200, `{"status":"ready"}`)
	check("before", "/health", 200, `{"status":"ok"}`)
	check("before", "/livez", 200, `{"status":"alive"}`)
	f.drain.Start("SIGTERM")
	check("told, still ready", "/readyz", 200, `{"status":"ready"}`)
	check("told, still ready", "/health", 503, draining)
	f.drain.unready.Store(true)
	check("told", "/readyz", 503, draining)
	check("told", "/livez", 200, `{"status":"alive"}`)
	f.store.breaks(lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"))
	check("the store is away", "/livez", 200, `{"status":"alive"}`)
}

func TestEveryCallAnswersForAStoreThatFails(t *testing.T) {
	f := setUp(t)
	for _, err := range []error{lastcall.Errorf(lastcall.CodeStoreUnavailable, "the store is away"), errors.New("a defect")} {
		f.store.breaks(err)
		f.streams.breaks(err)
		for _, target := range []string{
			"/v1/tasks", "/v1/tasks/0190-0001", "/v1/queues", "/v1/nodes", "/v1/tasks/0190-0001/log", "/v1/tasks/0190-0001/events",
			"/v1/events?wait=0s",
		} {
			f.ask("GET", target, "").refused(lastcall.CodeOf(err))
		}
		if a := f.ask("GET", "/v1/tasks/0190-0001/events", "", browser); lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable {
			a.wants(http.StatusOK) // a browser would take anything else for the last word
		} else {
			a.refused(lastcall.CodeOf(err))
		}
		for _, target := range []string{
			"/v1/tasks/0190-0001/cancel", "/v1/tasks/0190-0001/retry", "/v1/queues/default/pause", "/v1/queues/default/resume",
		} {
			f.ask("POST", target, "").refused(lastcall.CodeOf(err))
		}
		f.ask("POST", "/v1/tasks:batch", `{"tasks":[{"type":"echo"}]}`).refused(lastcall.CodeOf(err))
		f.ask("DELETE", "/v1/tasks/0190-0001", "").refused(lastcall.CodeOf(err))
		f.ask("POST", "/v1/leases", `{}`).refused(lastcall.CodeOf(err))
		held := &leased{ID: "0190-0001", Token: "1.30000.lease-A"}
		for verb, rest := range map[string]string{"renew": "", "complete": "", "release": "", "fail": `,"error":{}`} {
			f.say(held, verb, rest).refused(lastcall.CodeOf(err))
		}
	}
}

// Answers are written into buffers that are used again.
func TestAnswersDoNotMix(t *testing.T) {
	f := setUp(t)
	var ids []string
	for range 8 {
		ids = append(ids, f.submit(`{"type":"echo","labels":{"k":"v"}}`).ID)
	}
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			for range 200 {
				a := f.ask("GET", "/v1/tasks/"+id, "")
				if !strings.HasPrefix(a.body, `{"id":"`+id+`"`) || !strings.HasSuffix(a.body, id+`/cancel"}}`) {
					t.Errorf("%s is answered with %s", id, a.body)
				}
			}
		})
	}
	wg.Wait()
}
