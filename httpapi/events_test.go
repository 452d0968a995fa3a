package httpapi

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const browser = "Accept: text/event-stream"

func TestATasksEventsAreThoseOfItsClientsMailbox(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	if got := f.ask("GET", "/v1/tasks/"+id+"/events", "").wants(http.StatusOK).body; got != `{"events":[],"cursor":null}` {
		t.Errorf("without a mailbox: %s", got)
	}
	f.store.box = lastcall.Mailbox{Epoch: "e", Oldest: 1, Head: 7}
	f.store.events = []lastcall.Event{
		happened(5, id, lastcall.TaskInterrupted, `{"reason":"drain"}`), happened(7, id, lastcall.TaskCanceled, ""),
	}
	want := `{"events":[` +
		`{"seq":5,"id":"0191-0005","type":"task.interrupted","task":"0190-0001","run":1,"attempt":1,"at":"2026-01-02T03:04:05.000678Z",` +
		`"data":{"reason":"drain"},"cursor":"e:5"},` +
		`{"seq":7,"id":"0191-0007","type":"task.canceled","task":"0190-0001","run":1,"attempt":1,"at":"2026-01-02T03:04:05.000678Z",` +
		`"data":{},"cursor":"e:7"}],"cursor":"e:7"}`
	if got := f.ask("GET", "/v1/tasks/"+id+"/events", "").wants(http.StatusOK).body; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Who says nothing gets a task's events as JSON, which end, and a mailbox as a stream, which does not.
func TestWhatAClientLikesBetterDecidesHowEventsAreSent(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	f.streams.put(happened(1, id, lastcall.TaskSucceeded, `{"output":1}`))
	const stream, asJSON = "text/event-stream", "application/json"
	for _, c := range []struct{ accept, ofTask, ofClient, polling string }{
		{"-", asJSON, stream, asJSON},
		{"*/*", asJSON, stream, asJSON},
		{stream, stream, stream, "application/problem+json"},
		{asJSON, asJSON, asJSON, asJSON},
		{"application/json;q=0.5, text/event-stream", stream, stream, "application/problem+json"},
		{"application/json, text/event-stream;q=0.5", asJSON, asJSON, asJSON},
		{"text/*;q=0.4, application/*;q=0.4", asJSON, stream, asJSON},
	} {
		for target, want := range map[string]string{
			"/v1/tasks/" + id + "/events": c.ofTask, "/v1/events": c.ofClient, "/v1/events?wait=1s": c.polling,
		} {
			a := f.ask("GET", target, "", "Accept: "+c.accept)
			if got := a.header.Get("Content-Type"); got != want || a.header.Get("Vary") != "Accept" {
				t.Errorf("%s with Accept %s: %d %s, Vary %q", target, c.accept, a.status, got, a.header.Get("Vary"))
			}
		}
	}
}

func TestAStreamBeginsWhereItsClientSays(t *testing.T) {
	f := setUp(t)
	for _, c := range []struct {
		query, id, want string
	}{
		{"?client=alice", "", "events of alice after <nil>"},
		{"?client=alice&after=e:3", "", "events of alice after e:3"},
		{"?client=alice", "e:4", "events of alice after e:4"},
		{"?client=alice&after=e:3", "e:4", "events of alice after e:4"},
		{"", "", "events of anonymous after <nil>"},
	} {
		headers := []string{browser}
		if c.id != "" {
			headers = append(headers, "Last-Event-ID: "+c.id)
		}
		f.ask("GET", "/v1/events"+c.query, "", headers...).wants(http.StatusOK)
		if got := f.streams.last(); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.query, c.id, got, c.want)
		}
	}
	f.ask("GET", "/v1/events?after=e:9", "", "Last-Event-ID: ", "Accept: application/json").wants(http.StatusOK)
	if got := f.streams.last(); got != "poll of anonymous after e:9 for 0s" {
		t.Error(got)
	}
}

func TestATaskIsFollowedIfItIsThere(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	f.ask("GET", "/v1/tasks/"+id+"/events", "", browser).wants(http.StatusOK)
	f.ask("GET", "/v1/tasks/"+id+"/events", "", browser, "Last-Event-ID: end").wants(http.StatusNoContent)
	if got := f.streams.last(); got != "task "+id {
		t.Error(got)
	}
	asked := len(f.streams.came)
	f.ask("GET", "/v1/tasks/0190-0009/events", "", browser).refused(lastcall.CodeNotFound)
	head := f.ask("HEAD", "/v1/events", "").wants(http.StatusOK).header
	if head.Get("Content-Type") != "text/event-stream" || head.Get("Content-Length") != "" {
		t.Errorf("HEAD: %v", head)
	}
	if len(f.streams.came) != asked {
		t.Error("a stream was opened")
	}
}

func TestAPollTellsOfAGapBeforeWhatFollowsIt(t *testing.T) {
	f := setUp(t)
	f.streams.gap = &lastcall.Gap{Why: lastcall.GapExpired, From: 3, To: 4, Cursor: lastcall.Cursor{Epoch: "e", Seq: 4}}
	f.streams.put(happened(5, "0190-0001", lastcall.TaskExpired, `{}`))
	var got struct {
		Events []struct{ Seq int }
		Cursor string
		Gap    struct {
			Why, Cursor string
			From, To    int
		}
	}
	f.ask("GET", "/v1/events?after=e:2&wait=30s", "").wants(http.StatusOK).decode(&got)
	if len(got.Events) != 1 || got.Cursor != "e:5" || got.Gap.Why != "expired" || got.Gap.From != 3 || got.Gap.To != 4 || got.Gap.Cursor != "e:4" {
		t.Errorf("got %+v", got)
	}
}

func TestAPollWaitsAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		for query, want := range map[string]time.Duration{"?wait=25s": 25 * time.Second, "?wait=1h": time.Minute, "?wait=0s": 0} {
			a := <-f.later(f.get("/v1/events" + query + "&after=e:3"))
			if got := a.wants(http.StatusOK).body; got != `{"events":[],"cursor":"e:3"}` || a.after != want {
				t.Errorf("%s: %s after %s", query, got, a.after)
			}
		}
	})
}

// A browser takes an answer that is not 200 for the last one of a stream, and comes back only to one that ends.
func TestANodeThatStopsAloneStillOpensStreamsAndAnswersPolls(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`).ID
	f.drain.Start("SIGTERM")
	if a := f.ask("GET", "/v1/events", "", browser).wants(http.StatusOK); a.header.Get("Connection") != "close" {
		t.Error("a stream of a node that stops keeps the connection")
	}
	f.drain.refusing.Store(true)
	f.ask("GET", "/v1/events", "", browser).wants(http.StatusOK)
	f.ask("GET", "/v1/tasks/"+id+"/events", "", browser).wants(http.StatusOK)
	f.ask("GET", "/v1/tasks/"+id+"/events", "").wants(http.StatusOK)
	f.ask("GET", "/v1/events?wait=0s", "").wants(http.StatusOK)
	if n := f.drain.refused.Load(); n != 0 {
		t.Errorf("%d were refused", n)
	}
}
