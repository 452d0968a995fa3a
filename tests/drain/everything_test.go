package drain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// scene is a node with tasks in every state there is, and clients who wait in every way there is.
type scene struct {
	*lab.Node
	t     *testing.T
	store string

	alice *lab.Inbox // says hello and acknowledges
	bob   *lab.Inbox // a plain client that says nothing at all

	running   []string // alice's
	queued    []string // bob's
	scheduled []string // alice's, due when all is over; the first is canceled during the drain
	retrying  []string // carol's: they fail by their timeout, again and again

	message  string                       // the file where a platform looks for a last message
	waits    map[string]<-chan lab.Answer // calls under way when the signal comes
	requests int64                        // made after the signal, probes not counted
	refused  int64                        // of those
}

// due is when the scheduled tasks are: well after the drain, and not long after the restart.
const due = 9 * time.Second

// G2, G4, G5, G7, G8: SIGTERM comes while tasks run, are queued, are scheduled and wait for their next attempt.
func TestADrainServesEveryoneAndTouchesNoAttempt(t *testing.T) {
	t.Parallel()
	s := set(t)
	terminate(s.Node)
	s.saysThatItStops()
	s.refusesNewWork()
	s.stillReadsAndCancels()
	s.tellsItsClients()
	s.answersWhoWaited()
	r := drained(t, s.Node)
	if strings.Contains(s.Log(), "requests were cut off") {
		t.Error("a request was cut off, and all of them had time to be answered")
	}
	s.checkReport(r)
	s.checkMailboxes()
	s.checkAfterRestart()
}

func set(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, store: lab.Data(t), waits: map[string]<-chan lab.Answer{}}
	s.message = filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(s.message, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Node = lab.Start(t, s.store, "--concurrency=4", "--termination-file="+s.message)
	socket, _ := s.Connect("alice", "")
	s.alice = socket.Follow(true)
	s.bob = plain(t, s.Node, "bob")
	for range 2 {
		s.retrying = append(s.retrying, s.Sleep("carol", time.Hour, `"timeout":"50ms"`, `"max_attempts":1000`).ID)
	}
	for _, id := range s.retrying {
		s.AwaitTask(id, "has failed once", func(t lastcall.Task) bool { return t.Error != nil })
	}
	for range 2 {
		s.scheduled = append(s.scheduled, s.Submit(fmt.Sprintf(`{"type":"echo","client":"alice","delay":%q}`, due)).ID)
	}
	for range 4 {
		s.running = append(s.running, s.Sleep("alice", 2*time.Second).ID)
	}
	for _, id := range s.running {
		s.AwaitStatus(id, lastcall.Running)
	}
	for range 6 {
		s.queued = append(s.queued, s.Sleep("bob", 100*time.Millisecond).ID)
	}
	s.waits["a read that waits for a running task"] = s.async(http.MethodGet, "/v1/tasks/"+s.running[0]+"?wait=50s", "")
	s.waits["a read that waits for a queued task"] = s.async(http.MethodGet, "/v1/tasks/"+s.queued[5]+"?wait=50s", "")
	s.waits["a read that waits for what comes later"] = s.async(http.MethodGet, "/v1/tasks/"+s.scheduled[1]+"?wait=50s", "")
	s.waits["a submit that waits"] = s.async(http.MethodPost, "/v1/tasks", `{"type":"echo","input":"last","client":"bob"}`, "Prefer: wait=50")
	lab.Until(t, "the submit is accepted", func() bool { return len(s.tasksOf("bob")) == len(s.queued)+1 })
	return s
}

// plain connects a client that never says a word, and returns when it is served all the same.
func plain(t *testing.T, n *lab.Node, client string) *lab.Inbox {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	s, _, err := n.Dial(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Conn.CloseNow() })
	in := s.Follow(false)
	in.Await("its welcome", func(f lab.Frame) bool { return f.T == "welcome" })
	return in
}

// async sends a request and returns at once; what it gets is the answer, with status 0 if none came.
func (s *scene) async(method, path, body string, headers ...string) <-chan lab.Answer {
	answer := make(chan lab.Answer, 1)
	go func() { // ends with the answer, at the latest with the node
		a, _ := s.Try(context.Background(), method, path, body, headers...)
		answer <- a
	}()
	return answer
}

func (s *scene) tasksOf(client string) []lastcall.Task {
	var page struct{ Tasks []lastcall.Task }
	s.Do(http.MethodGet, "/v1/tasks?client="+client, "").Decode(s.Node, &page)
	return page.Tasks
}

// request makes a call that is counted, and fails the test unless it is answered with the status, and told to come back
// on another connection.
func (s *scene) request(method, path, body string, status int) lab.Answer {
	s.t.Helper()
	a := s.Do(method, path, body)
	s.requests++
	s.holds(method+" "+path, a, status)
	return a
}

func (s *scene) holds(what string, a lab.Answer, status int) {
	s.t.Helper()
	if a.Status != status || !a.Closes {
		s.t.Errorf("%s got %d, and that the connection closes: %t: %s; want %d on one that does", what, a.Status, a.Closes, a.Body, status)
	}
}

// saysThatItStops asks the questions that machines ask; they are not counted.
func (s *scene) saysThatItStops() {
	for path, status := range map[string]int{"/readyz": 503, "/health": 503, "/livez": 200} {
		a := s.Do(http.MethodGet, path, "")
		s.holds(path, a, status)
		if body := strings.TrimSpace(string(a.Body)); status == 503 && body != `{"status":"draining","phase":"finish"}` {
			s.t.Errorf("%s says %s", path, body)
		}
	}
	a := s.Do(http.MethodGet, "/v1/drain", "")
	s.holds("/v1/drain", a, http.StatusOK)
	wantNames(s.t, "the drain", a.Body,
		"deadline", "phase", "report", "signal", "since", "waiting_for", "waiting_for.connections", "waiting_for.tasks")
	d := s.Drain()
	if d.Phase != drain.Finish || d.Signal != "SIGTERM" || d.Report != nil {
		s.t.Errorf("the drain says %s", a.Body)
	}
	if left := d.Deadline.Sub(d.Since); left < 28*time.Second || left > 29*time.Second {
		s.t.Errorf("the deadline is %v after the beginning of finish, want 29 s after the signal", left)
	}
	for _, id := range s.running {
		if !slices.Contains(d.WaitingFor.Work, id) {
			s.t.Errorf("the drain does not say that it waits for %s: %v", id, d.WaitingFor.Work)
		}
	}
}

func (s *scene) refusesNewWork() {
	a := s.request(http.MethodPost, "/v1/tasks", `{"type":"echo"}`, http.StatusServiceUnavailable)
	if a.Code() != lastcall.CodeDraining || a.Header.Get("Retry-After") == "" {
		s.t.Errorf("a submit got %v %s", a.Header, a.Body)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), lab.Patience)
	defer cancel()
	if _, status, err := s.Dial(ctx, "dave"); err == nil || status != http.StatusServiceUnavailable {
		s.t.Errorf("a new socket got %d, %v, want 503", status, err)
	}
	s.requests++
	s.refused = 2
}

func (s *scene) stillReadsAndCancels() {
	s.request(http.MethodGet, "/v1/tasks?client=alice", "", http.StatusOK)
	s.request(http.MethodGet, "/v1/queues", "", http.StatusOK)
	s.request(http.MethodGet, "/v1/nodes", "", http.StatusOK)
	a := s.request(http.MethodPost, "/v1/tasks/"+s.scheduled[0]+"/cancel", "", http.StatusOK)
	var t lastcall.Task
	if a.Decode(s.Node, &t); t.Status != lastcall.Canceled {
		s.t.Errorf("a scheduled task was canceled and is %s", t.Status)
	}
}

func (s *scene) tellsItsClients() {
	for name, in := range map[string]*lab.Inbox{"alice": s.alice, "bob": s.bob} {
		f := in.Await("word of the drain", func(f lab.Frame) bool { return f.T == "drain" })
		if f.Mode != "finish" || f.DeadlineMS <= 0 || f.DeadlineMS > 29_000 {
			s.t.Errorf("%s was told %+v", name, f)
		}
		if name == "alice" && !slices.Equal(sorted(f.Pending), sorted(s.running)) {
			s.t.Errorf("alice was told of %v, and these run: %v", f.Pending, s.running)
		}
	}
}

// answersWhoWaited: with the result where there is one, with what there is where there is not.
func (s *scene) answersWhoWaited() {
	for what, answer := range s.waits {
		a := <-answer
		s.holds(what, a, http.StatusOK)
		var t lastcall.Task
		a.Decode(s.Node, &t)
		want := lastcall.Succeeded
		if t.ID == s.scheduled[1] {
			want = lastcall.Scheduled
		}
		if t.Status != want {
			s.t.Errorf("%s was answered with a task that is %s, want %s", what, t.Status, want)
		}
	}
}

func (s *scene) checkReport(r *drain.Report) {
	passed(s.t, r, drain.Finish, drain.HandBack, drain.Closed)
	message, err := os.ReadFile(s.message)
	if err != nil {
		s.t.Error(err)
	}
	for where, report := range map[string][]byte{"the log": s.loggedReport(), "the termination file": message} {
		wantNames(s.t, "the report in "+where, report,
			"clients", "clients.closed", "clients.handed_over", "clients.served", "exit_code", "phases", "phases.ms", "phases.name",
			"refused", "requests_after_signal", "signal", "spare_ms", "tasks", "tasks.fenced", "tasks.finished", "tasks.handed_back")
		var same drain.Report
		if err := json.Unmarshal(report, &same); err != nil || !reflect.DeepEqual(&same, r) {
			s.t.Errorf("the report in %s is %s, want %+v", where, report, r)
		}
	}
	served := len(s.running) + len(s.queued) + 1 // and the one that was submitted with Prefer: wait
	if want := (drain.WorkTally{Finished: served}); r.Tasks != want {
		s.t.Errorf("the report counts %+v, want %+v", r.Tasks, want)
	}
	if want := (drain.ClientTally{Served: 2}); r.Clients != want {
		s.t.Errorf("the report counts %+v, want %+v", r.Clients, want)
	}
	if r.Signal != "SIGTERM" || r.RequestsAfterSignal != s.requests || r.Refused != s.refused {
		s.t.Errorf("the report says %s, %d requests, %d of them refused; want SIGTERM, %d, %d",
			r.Signal, r.RequestsAfterSignal, r.Refused, s.requests, s.refused)
	}
}

// loggedReport is the report as it stands in the log.
func (s *scene) loggedReport() []byte {
	line := s.Await("the report", func(l lab.Line) bool { return l.Msg == "drain report" })
	var in struct{ Report json.RawMessage }
	if err := json.Unmarshal([]byte(line.Raw), &in); err != nil {
		s.t.Error(err)
	}
	return in.Report
}

func (s *scene) checkMailboxes() {
	for name, in := range map[string]*lab.Inbox{"alice": s.alice, "bob": s.bob} {
		if code := in.CloseCode(); code != 1012 {
			s.t.Errorf("%s was left with %d, want 1012", name, code)
		}
		in.InOrder(1)
	}
	answers := func(in *lab.Inbox, typ lastcall.EventType) []string {
		var ids []string
		for _, f := range in.Events() {
			if f.Type == typ {
				ids = append(ids, f.Task)
			}
		}
		return sorted(ids)
	}
	if got := answers(s.alice, lastcall.TaskSucceeded); !slices.Equal(got, sorted(s.running)) {
		s.t.Errorf("alice has answers to %v, want %v", got, s.running)
	}
	if got := answers(s.alice, lastcall.TaskCanceled); !slices.Equal(got, s.scheduled[:1]) {
		s.t.Errorf("alice heard of %v being canceled, want %v", got, s.scheduled[:1])
	}
	if got := answers(s.bob, lastcall.TaskSucceeded); len(got) != len(s.queued)+1 {
		s.t.Errorf("bob has %d answers, want %d", len(got), len(s.queued)+1)
	}
}

// checkAfterRestart: what was scheduled runs when it is due, in its first attempt, and what has failed before goes on
// with as many attempts behind it as its client was told of.
func (s *scene) checkAfterRestart() {
	again := lab.Start(s.t, s.store)
	for _, id := range append(slices.Clone(s.running), s.queued...) {
		succeeded(s.t, again, id, 1, 1, 0)
	}
	succeeded(s.t, again, s.scheduled[1], 1, 1, 0)
	alice := again.Resume(s.alice)
	alice.Await("the answer that was due later", func(f lab.Frame) bool { return f.Task == s.scheduled[1] })
	alice.InOrder(int64(len(s.alice.Events())) + 1)

	s.checkRetrying(again)
	terminate(again)
	drained(s.t, again)
}

// checkRetrying: each failed attempt was told of once, and no run was without one.
func (s *scene) checkRetrying(again *lab.Node) {
	socket, _ := again.Connect("carol", "")
	carol := socket.Follow(true)
	for _, id := range s.retrying {
		again.Do(http.MethodPost, "/v1/tasks/"+id+"/cancel", "")
		task := again.AwaitStatus(id, lastcall.Canceled)
		carol.Await("the end of "+id, func(f lab.Frame) bool { return f.Task == id && f.Type == lastcall.TaskCanceled })
		failed := 0
		for _, f := range carol.Events() {
			if f.Task != id || f.Type != lastcall.TaskRetrying {
				continue
			}
			if failed++; f.Attempt != failed || f.Run != int64(failed) {
				s.t.Errorf("attempt %d of %s is told as attempt %d, run %d", failed, id, f.Attempt, f.Run)
			}
		}
		if task.Interruptions != 0 || task.Crashes != 0 || task.Attempt-failed > 1 {
			s.t.Errorf("%s has failed %d times and stands at attempt %d after %d interruptions, %d crashes",
				id, failed, task.Attempt, task.Interruptions, task.Crashes)
		}
	}
	carol.InOrder(1)
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

// wantNames fails the test unless the JSON object has exactly these names, those of objects within it included.
func wantNames(t *testing.T, what string, object []byte, want ...string) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(object, &v); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := names("", v); !slices.Equal(got, want) {
		t.Errorf("%s has the names %v, want %v", what, got, want)
	}
}

func names(prefix string, object map[string]any) []string {
	var all []string
	for name, v := range object {
		all = append(all, prefix+name)
		switch v := v.(type) {
		case map[string]any:
			all = append(all, names(prefix+name+".", v)...)
		case []any:
			if len(v) > 0 {
				if first, ok := v[0].(map[string]any); ok {
					all = append(all, names(prefix+name+".", first)...)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
