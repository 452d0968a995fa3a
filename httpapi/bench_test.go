package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// nowhere is a store that takes everything and keeps nothing.
type nowhere struct{ lastcall.Store }

func (nowhere) Submit(_ context.Context, s []lastcall.Submission) ([]lastcall.Submitted, error) {
	return []lastcall.Submitted{{Task: s[0].NewTask("019b2d1c-7f00-7abc-8def-0123456789ab", time.Now().UTC().Truncate(time.Microsecond))}}, nil
}

// sink is a connection that nobody reads.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

const benchBody = `{"type":"echo","client":"alice",` +
	`"input":{"order":12345,"items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"note":"please ring twice"}}`

func benchmark(b *testing.B, h http.Handler) {
	b.Helper()
	b.ReportAllocs()
	body := strings.NewReader("")
	r := &http.Request{
		Method: http.MethodPost, Host: "localhost:8080", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(benchBody)),
		Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"bench"}, "Accept-Encoding": {"gzip"}},
		Body:   io.NopCloser(body),
	}
	r.URL, _ = r.URL.Parse("http://localhost:8080/v1/tasks")
	w := &sink{header: http.Header{}}
	for b.Loop() {
		body.Reset(benchBody)
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

// What a submit costs here, without its store.
func BenchmarkSubmit(b *testing.B) {
	benchmark(b, New(Options{
		Store: nowhere{}, Drain: newScript(), Waiter: newBell(), Sockets: &doors{}, Streams: &river{},
		Types: table{"echo": {Name: "echo"}}, Loopback: true,
	}))
}

// What a bare handler costs that decodes and answers the same JSON.
func BenchmarkBareHandler(b *testing.B) {
	benchmark(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Type   string          `json:"type"`
			Client string          `json:"client"`
			Input  json.RawMessage `json:"input"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s := lastcall.Submission{Type: in.Type, Client: in.Client, Input: in.Input}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		if err := json.NewEncoder(w).Encode(s.NewTask("019b2d1c-7f00-7abc-8def-0123456789ab", time.Now().UTC())); err != nil {
			b.Error(err)
		}
	}))
}
