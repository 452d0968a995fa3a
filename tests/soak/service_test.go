package soak_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
)

// service is another program that nodes ask over HTTP. It notes each run that it begins on the record (G3).
type service struct {
	url string

	mu  sync.Mutex
	log *checker.Log
}

func serve(t *testing.T) *service {
	t.Helper()
	s := &service{}
	mux := http.NewServeMux()
	mux.HandleFunc("/answer", s.answer)
	mux.HandleFunc("/flaky", s.flaky)
	mux.HandleFunc("/later", s.later)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// tell has the runs of a window noted on its record.
func (s *service) tell(log *checker.Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = log
}

// begin reads the task and notes its run, with the output that it is going to return.
func (s *service) begin(r *http.Request, output string) (t lastcall.Task) {
	body, _ := io.ReadAll(r.Body)
	if json.Unmarshal(body, &t) != nil {
		return t // which no record knows
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out json.RawMessage
	if output != "" {
		out = json.RawMessage(output)
	}
	s.log.Effect(t.ID, t.Run, "the service", out)
	return t
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	s.begin(r, `{"answer":42}`)
	_, _ = io.WriteString(w, `{"answer":42}`)
}

// flaky fails the first attempt, and the second breaks off.
func (s *service) flaky(w http.ResponseWriter, r *http.Request) {
	switch t := s.begin(r, ""); t.Attempt {
	case 1:
		http.Error(w, "not yet", http.StatusInternalServerError)
	case 2:
		panic(http.ErrAbortHandler)
	default:
		_, _ = io.WriteString(w, `"at last"`)
	}
}

// later has the task handed back twice, at no cost.
func (s *service) later(w http.ResponseWriter, r *http.Request) {
	if t := s.begin(r, ""); t.Interruptions < 2 {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy", http.StatusTooManyRequests)
		return
	}
	_, _ = io.WriteString(w, "null")
}
