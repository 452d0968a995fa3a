package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

func TestWhatIsNotThereIsAProblemToo(t *testing.T) {
	f := setUp(t)
	for _, target := range []string{
		"/nothing", "/v1", "/v1/", "/v1/tasks/", "//v1/tasks", "/v1//tasks", "/v1/tasks/a/b", "/v1/tasks/a/cancel/", "/v1/tasks//cancel",
		"/v1/./tasks", "/v1/tasks/../tasks", "/index.html", "/v1/tasks/a%2Fcancel",
		"/v1/queues/", "/v1/queues/a", "/v1/queues//pause", "/v1/queues/a/pause/", "/v1/queues/a/b/pause", "/v1/queues/a%2Fpause",
		"/v1/leases/", "/v1/leases/a", "/v1/leases//renew", "/v1/leases/a/steal",
		"/v1/tasks:", "/v1/tasks/0190-0001/nothing", "/v1/tasks/0190-0001/log/1",
	} {
		f.ask("GET", target, "").refused(lastcall.CodeNotFound)
	}
	f.submit(`{"type":"echo"}`)
	for _, target := range []string{"/v1/tickets"} { // a call of a later version
		f.ask("POST", target, "{}").refused(lastcall.CodeNotFound)
	}
}

func TestAMethodThatAPathDoesNotTakeIsNamedWithThoseThatItDoes(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	for path, allow := range map[string]string{
		"/v1/tasks":                  "GET, HEAD, OPTIONS, POST",
		"/v1/tasks/0190-0001":        "DELETE, GET, HEAD, OPTIONS",
		"/v1/tasks/0190-0001/retry":  "OPTIONS, POST",
		"/v1/tasks/0190-0001/log":    "GET, HEAD, OPTIONS",
		"/v1/tasks/0190-0001/events": "GET, HEAD, OPTIONS",
		"/v1/tasks:batch":            "OPTIONS, POST",
		"/v1/leases":                 "OPTIONS, POST",
		"/v1/leases/0190-0001/renew": "OPTIONS, POST",
		"/v1/events":                 "GET, HEAD, OPTIONS",
		"/v1/queues/default/pause":   "OPTIONS, POST",
		"/v1/queues/default/resume":  "OPTIONS, POST",
		"/metrics":                   "GET, HEAD, OPTIONS",
		"/v1/tasks/0190-0001/cancel": "OPTIONS, POST",
		"/v1/drain":                  "GET, HEAD, OPTIONS, POST",
		"/v1/queues":                 "GET, HEAD, OPTIONS",
		"/readyz":                    "GET, HEAD, OPTIONS",
		"/":                          "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "BREW"} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			a := f.ask(method, path, "")
			a.refused(lastcall.CodeMethodNotAllowed)
			if got := a.header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allow)
			}
		}
		a := f.ask("OPTIONS", path, "").wants(http.StatusNoContent)
		if got := a.header.Get("Allow"); got != allow || a.body != "" {
			t.Errorf("OPTIONS %s: Allow %q, body %q", path, got, a.body)
		}
	}
}

func TestAnIdIsTakenAsItWasSent(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	f.ask("GET", "/v1/tasks/0190%2D0001", "").wants(http.StatusOK)
	f.ask("GET", "/v1/tasks/0190-0001%2Fcancel", "").refused(lastcall.CodeNotFound)
}

func TestTheContractsAreServed(t *testing.T) {
	f := setUp(t)
	for path, file := range map[string][]byte{"/openapi.yaml": OpenAPI(), "/asyncapi.yaml": AsyncAPI()} {
		a := f.ask("GET", path, "", "Accept: application/json, */*").wants(http.StatusOK)
		if a.body != string(file) || a.header.Get("Content-Type") != "application/yaml" {
			t.Errorf("%s is %d bytes of %s", path, len(a.body), a.header.Get("Content-Type"))
		}
	}
}

func TestThePageIsHTMLForBrowsersAndTextForOthers(t *testing.T) {
	f := setUp(t)
	for accept, want := range map[string]string{
		"*/*":        "text/plain; charset=utf-8",
		"text/plain": "text/plain; charset=utf-8",
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8": "text/html; charset=utf-8",
		"text/html": "text/html; charset=utf-8",
		"text/*":    "text/plain; charset=utf-8",
	} {
		a := f.ask("GET", "/", "", "Accept: "+accept).wants(http.StatusOK)
		if got := a.header.Get("Content-Type"); got != want || a.header.Get("Vary") != "Accept" {
			t.Errorf("Accept %s: %q, Vary %q", accept, got, a.header.Get("Vary"))
		}
		if !strings.Contains(a.body, "localhost:8080/v1/tasks") || !strings.Contains(a.body, "pod-a") {
			t.Errorf("the page does not say where it is: %s", a.body)
		}
	}
	if a := f.ask("GET", "/", ""); !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("without Accept: %s", a.header.Get("Content-Type"))
	}
	html := f.ask("GET", "/", "", "Accept: text/html")
	if strings.Contains(html.body, "<script") || !strings.Contains(html.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page may run scripts")
	}
}

// The node's name and the Host end up on the page, and come from outside.
func TestThePageEscapesWhatItIsTold(t *testing.T) {
	f := setUp(t, func(o *Options) { o.Node, o.Loopback = `<script>alert("n")</script>`, false })
	a := f.ask("GET", "/", "", "Accept: text/html", `Host: x"><script>alert("h")</script>`)
	if a.wants(http.StatusOK); strings.Contains(a.body, "<script") {
		t.Error(a.body)
	}
}

func TestThePageNamesEveryCallThereIs(t *testing.T) {
	f := setUp(t)
	a := &api{Options: Options{Store: f.store, Drain: f.drain, Types: table{}, Metrics: http.NotFoundHandler()}.withDefaults()}
	a.addRoutes()
	want := map[string]bool{}
	add := func(path string, rt *route) {
		for method := range rt.methods {
			want[method+" "+path] = true
		}
	}
	for path, rt := range a.fixed {
		add(path, rt)
	}
	for _, of := range a.named {
		for verb, rt := range of.verbs {
			add(of.prefix+map[string]string{taskPath: "{id}", leasePath: "{id}", queuePath: "{queue}"}[of.prefix]+verb, rt)
		}
	}
	delete(want, "GET /") // this is it
	for _, c := range calls() {
		if call := c.Method + " " + c.Path; !want[call] {
			t.Errorf("the page names %s", call)
		} else {
			delete(want, call)
		}
	}
	for call := range want {
		if !strings.HasPrefix(call, "HEAD ") {
			t.Errorf("the page does not name %s", call)
		}
	}
}
