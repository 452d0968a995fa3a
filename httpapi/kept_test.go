package httpapi

import (
	"net/http"
	"slices"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

func TestAFinishedTaskCanBeForgotten(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	f.ask("DELETE", "/v1/tasks/"+id, "").refused(lastcall.CodeNotFinished)
	f.store.change(id, false, succeed)
	a := f.ask("DELETE", "/v1/tasks/"+id, "{}", "Accept: image/png").wants(http.StatusNoContent)
	if a.body != "" || a.header.Get("Content-Type") != "" {
		t.Errorf("there is a body: %v %q", a.header, a.body)
	}
	f.ask("GET", "/v1/tasks/"+id, "").refused(lastcall.CodeNotFound)
	f.ask("DELETE", "/v1/tasks/"+id, "").refused(lastcall.CodeNotFound)
}

func TestALogIsAnsweredAsItWasWritten(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	if a := f.ask("GET", "/v1/tasks/"+id+"/log", "").wants(http.StatusOK); a.body != "" {
		t.Errorf("nothing was written: %q", a.body)
	}
	want := "half \xa4 character\x00\x1b[31m<script>\n"
	f.store.logs = map[string][]byte{id: []byte(want)}
	a := f.ask("GET", "/v1/tasks/"+id+"/log", "", "Accept: text/*").wants(http.StatusOK)
	if a.body != want || a.header.Get("Content-Type") != "text/plain; charset=utf-8" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %q", a.header, a.body)
	}
}

func TestAQueueIsPausedAndResumedByItsName(t *testing.T) {
	f := setUp(t)
	for _, c := range []struct{ path, want string }{
		{"/v1/queues/default/pause", "default true"},
		{"/v1/queues/default/resume", "default false"},
		{"/v1/queues/a%2Fb%20c/pause", "a/b c true"},
		{"/v1/queues/pause/pause", "pause true"},
	} {
		f.ask("POST", c.path, "").wants(http.StatusOK)
		if got := f.store.paused[len(f.store.paused)-1]; got != c.want {
			t.Errorf("%s: %s", c.path, got)
		}
	}
	want := `{"queue":"default","queued":1,"scheduled":0,"running":0,"paused":true,"oldest_queued_age_ms":1000}`
	if a := f.ask("POST", "/v1/queues/default/pause", "{}"); a.body != want {
		t.Errorf("the queue is shown as %s", a.body)
	}
}

func TestMetricsAreThereIfSomeoneKeepsThem(t *testing.T) {
	f := setUp(t)
	if a := f.ask("GET", "/metrics?x=1", "", "Accept: image/png").wants(http.StatusOK); a.body != "lastcall_up 1\n" {
		t.Error(a.body)
	}
	f.drain.Start("SIGTERM")
	if a := f.ask("GET", "/metrics", ""); a.header.Get("Connection") != "close" {
		t.Error("a node that stops keeps the connection")
	}
	without := setUp(t, func(o *Options) { o.Metrics = nil })
	without.ask("GET", "/metrics", "").refused(lastcall.CodeNotFound)
	a := &api{Options: Options{Drain: f.drain, Types: table{}}}
	if slices.ContainsFunc(a.about(without.get("/")).Calls, func(l callLine) bool { return l.Path == "/metrics" }) {
		t.Error("the page names what is not there")
	}
}
