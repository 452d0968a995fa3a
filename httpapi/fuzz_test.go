package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// G10: no body makes the decoder panic, and what it takes is what it says: strict JSON that means the same to a decoder
// that is not ours.
func FuzzSubmit(f *testing.F) {
	for _, b := range append(badBodies(), badFields()...) {
		if len(b.body) < 4096 {
			f.Add([]byte(b.body))
		}
	}
	f.Add([]byte(`{"type":"echo","input":{"a":[1,2.5e3,"\u00e4\ud83d\ude00"]},"queue":"q","client":"c","priority":-1,"run_at":null,"delay":"1s",
		"max_attempts":5.0,"timeout":"1m","expires_in":"1h","labels":{"k":"v"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeSubmission(body)
		if err != nil {
			if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
				t.Fatalf("%q: %v", body, err)
			}
			mustBeText(t, err)
			return
		}
		var other struct {
			Type, Queue, Client string
			Input               json.RawMessage
			Labels              map[string]string
			Priority            float64
		}
		if err := json.Unmarshal(body, &other); err != nil {
			t.Fatalf("%q is taken, and is no JSON of that shape: %v", body, err)
		}
		if other.Type != s.Type || other.Queue != s.Queue || other.Client != s.Client ||
			int(other.Priority) != s.Priority || len(other.Labels) != len(s.Labels) {
			t.Fatalf("%q is read as %+v and as %+v", body, s, other)
		}
		if !utf8.Valid(body) || (len(s.Input) > 0 && !json.Valid(s.Input)) {
			t.Fatalf("%q: input %q", body, s.Input)
		}
		again := s
		again.Input = canonicalJSON(s.Input)
		if s.Type == "" || (len(s.Input) > 0 && digest(&s) != digest(&again)) {
			t.Fatalf("%q: no type, or the digest depends on how the input is written", body)
		}
	})
}

// G10: a batch is cut where its tasks end, and each of them is read as a submit of its own would be.
func FuzzBatch(f *testing.F) {
	for _, b := range badBatches() {
		if len(b.body) < 4096 {
			f.Add([]byte(b.body))
		}
	}
	f.Add([]byte(`{"tasks":[{"type":"echo","input":{"a":["]",{"}":1.5e3}]},"idempotency_key":"k"} , {"idempotency_key":null,"type":"b"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := decodeBatch(body, 5)
		if err != nil {
			if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
				t.Fatalf("%q: %v", body, err)
			}
			mustBeText(t, err)
			return
		}
		var other struct{ Tasks []json.RawMessage }
		if err := json.Unmarshal(body, &other); err != nil || len(other.Tasks) != len(items) || len(items) == 0 || len(items) > 5 {
			t.Fatalf("%q is taken as %q and read as %q: %v", body, items, other.Tasks, err)
		}
		for i, item := range items {
			if string(item) != string(other.Tasks[i]) {
				t.Fatalf("%q: task %d is %q, and %q", body, i, item, other.Tasks[i])
			}
			sameAlone(t, item)
		}
	})
}

// sameAlone checks that a task of a batch is read as the body of a submit is, but for its key.
func sameAlone(t *testing.T, item []byte) {
	t.Helper()
	s, errs := decodeItem(item, Identity{Client: "c"})
	if errs != nil {
		mustBeText(t, invalid(errs...))
		return
	}
	alone, err := decodeSubmission(item)
	if fields := (*lastcall.Error)(nil); errors.As(err, &fields) {
		for _, e := range fields.Fields {
			if e.Field != keyField {
				t.Fatalf("%q is refused by itself: %v", item, err)
			}
		}
		return
	}
	if digest(&s) != digest(&alone) || s.Idempotency != nil {
		t.Fatalf("%q is %+v in a batch, and %+v by itself", item, s, alone)
	}
}

// mustBeText checks that an error can be sent: its fields and sentences are valid UTF-8.
func mustBeText(t *testing.T, err error) {
	t.Helper()
	var e *lastcall.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		t.Fatalf("%v names no field", err)
	}
	for _, f := range e.Fields {
		if !utf8.ValidString(f.Field) || !utf8.ValidString(f.Message) || len(f.Field) > 2*maxShown {
			t.Fatalf("field %q: %q", f.Field, f.Message)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, b := range badQueries() {
		_, query, _ := strings.Cut(b.target, "?")
		f.Add(query)
	}
	f.Add("status=queued,running&status=failed&type=echo&queue=q&client=alice&label.a=1&limit=7&cursor=x")
	f.Fuzz(func(t *testing.T, raw string) {
		a := &api{Options: Options{}.withDefaults()}
		r := &http.Request{URL: &url.URL{RawQuery: raw}}
		q, err := readQuery(r, []string{"type", "queue", "client", "limit", "cursor", "wait", "label."}, []string{"status"})
		if err != nil {
			mustBeText(t, err)
			return
		}
		if _, err := a.identify(r, q); err != nil {
			mustBeText(t, err)
		}
		if d, err := q.span("wait", time.Minute); err == nil && (d < 0 || d > time.Minute) {
			t.Fatalf("%q: a wait of %s", raw, d)
		}
		filter, errs := a.filter(q)
		if errs != nil {
			mustBeText(t, invalid(errs...))
			return
		}
		if filter.Limit < 1 || filter.Limit > 200 || len(filter.Labels) > 16 {
			t.Fatalf("%q: %+v", raw, filter)
		}
	})
}

func FuzzPrefer(f *testing.F) {
	f.Add("respond-async, wait=10; foo=bar", `note="\", wait=20", wait=10`)
	f.Fuzz(func(t *testing.T, first, second string) {
		if d, ok := preferredWait(http.Header{"Prefer": {first, second}}); d < 0 || (!ok && d != 0) {
			t.Fatalf("%q, %q: %s, %t", first, second, d, ok)
		}
	})
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	f.Fuzz(func(t *testing.T, accept string) {
		if q := quality(http.Header{"Accept": {accept}}, "application", "json"); !(q >= 0 && q <= 1) {
			t.Fatalf("%q: %f", accept, q)
		}
	})
}

// What passes for loopback must be an address or the one name, whatever stands around it.
func FuzzHost(f *testing.F) {
	for _, h := range []string{"localhost:8080", "[::1]:80", "127.0.0.1", "localhost.evil.example", "evil@localhost", "[::ffff:127.0.0.1]"} {
		f.Add(h, "http://"+h)
	}
	f.Fuzz(func(t *testing.T, host, origin string) {
		named := strings.Contains(strings.ToLower(host), "localhost")
		if loopbackHost(host) && !named && !strings.Contains(host, "127.") && !strings.Contains(host, ":") {
			t.Fatalf("%q passes for loopback", host)
		}
		r := &http.Request{Host: host, Header: http.Header{"Origin": {origin}}}
		bare := strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
		if !foreign(r) && origin != "" && !strings.Contains(strings.ToLower(origin), strings.ToLower(bare)) {
			t.Fatalf("origin %q passes for %q", origin, host)
		}
	})
}

// Two ways to write a value have one canonical form, which is a fixed point.
func FuzzCanonicalJSON(f *testing.F) {
	f.Add([]byte(`{"b":[1.50,1e2,-0,12345678901234567890],"a":"\u00e4<>"}`))
	f.Fuzz(func(t *testing.T, v []byte) {
		if !json.Valid(v) {
			return
		}
		once := canonicalJSON(v)
		if !json.Valid(once) || string(canonicalJSON(once)) != string(once) {
			t.Fatalf("%q becomes %q becomes %q", v, once, canonicalJSON(once))
		}
	})
}

// Any request is answered with a status that its call has, as JSON, or as what the path is for.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/v1/tasks?limit=1", "", "", "")
	f.Add("POST", "/v1/tasks", `{"type":"echo"}`, "application/json", "wait=0")
	f.Add("POST", "/v1/tasks/0190-0001/cancel", "{}", "application/json; charset=utf-8", "")
	f.Add("POST", "/v1/tasks:batch", `{"tasks":[{"type":"echo","idempotency_key":"k"}]}`, "application/json", "")
	f.Add("POST", "/v1/tasks/0190-0001/retry", "", "", "")
	f.Add("POST", "/v1/queues/a%2Fb/pause", "", "", "")
	f.Add("DELETE", "/v1/tasks/0190-0001", "", "", "")
	f.Add("GET", "/v1/events?after=e:1&client=alice", "", "", "")
	f.Add("GET", "/v1/tasks/0190-0001/log", "", "", "")
	f.Fuzz(func(t *testing.T, method, target, body, contentType, prefer string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || strings.Contains(target, "wait") || strings.Contains(prefer, "wait") && !strings.Contains(prefer, "wait=0") {
			return
		}
		api := setUp(t)
		api.submit(`{"type":"echo"}`)
		r := &http.Request{
			Method: method, URL: u, Host: "localhost", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
			Header: http.Header{"Content-Type": {contentType}, "Prefer": {prefer}}, Body: http.NoBody,
		}
		if body != "" {
			r.Body = readCloser(body)
		}
		a := api.send(r)
		switch a.status {
		case 200, 202, 204:
		case 400, 404, 405, 406, 409, 413, 415, 422:
			a.refused(lastcall.CodeOf(codeError(a)))
		default:
			t.Fatalf("%s %s is answered with %d: %s", method, target, a.status, a.body)
		}
	})
}
