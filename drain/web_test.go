package drain

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestARequestThatRunsIsServedAndANewOneIsRefused(t *testing.T) {
	slow := newGate()
	s := open(t, small, slow, HTTPOptions{})
	_, answer := s.request("/slow")
	<-slow.inside
	s.stop()
	until(t, "finish", func() bool { return s.Phase() == Finish })

	refused, body := s.get("/new")
	if refused.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"draining"`) {
		t.Errorf("a new request is answered %d %s", refused.StatusCode, body)
	}
	if refused.Header.Get("Retry-After") == "" || !refused.Close {
		t.Errorf("a refusal has headers %v", refused.Header)
	}
	close(slow.open)
	if response, body := s.answer(answer); response.StatusCode != http.StatusOK || body != "served" {
		t.Errorf("G7: the running request was answered %d %q", response.StatusCode, body)
	}
	report := s.stopped()
	if report.Tasks != (WorkTally{Finished: 1}) || report.Refused != 1 || report.ExitCode != 0 {
		t.Errorf("report %+v", report)
	}
}

func TestAHandlerThatListensIsStoppedWithTheReason(t *testing.T) {
	never := newGate()
	s := open(t, small, never, HTTPOptions{})
	_, answer := s.request("/never")
	<-never.inside
	begin := time.Now()
	s.stop()
	if _, body := s.answer(answer); !strings.Contains(body, ErrDraining.Error()) {
		t.Errorf("the handler was stopped with %q", body)
	}
	report := s.stopped()
	if report.Tasks.HandedBack != 1 {
		t.Errorf("report %+v", report)
	}
	if took := time.Since(begin); took > small.Grace-small.Margin {
		t.Errorf("G8: took %v", took)
	}
}

func TestAHandlerThatIgnoresEverythingIsLeftBehind(t *testing.T) {
	stuck, inside := make(chan struct{}), make(chan struct{})
	s := open(t, small, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(inside)
		<-stuck
	}), HTTPOptions{})
	s.request("/stuck")
	<-inside
	begin := time.Now()
	s.stop()
	report := s.stopped()
	if took := time.Since(begin); took > small.Grace-small.Margin {
		t.Errorf("G8: took %v", took)
	}
	if report.Tasks.Fenced != 1 {
		t.Errorf("report %+v", report)
	}
	close(stuck)
}

// net/http's own Shutdown waits up to 5 s for a connection that has sent
// nothing, and forever for one in the middle of a request.
func TestSilentConnectionsCostNothing(t *testing.T) {
	s := open(t, Plan{}, http.NotFoundHandler(), HTTPOptions{})
	for range 3 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
	half, _ := net.Dial("tcp", s.addr)
	defer half.Close()
	io.WriteString(half, "GET / HTTP/1.1\r\nHost: ")
	s.get("/")
	begin := time.Now()
	s.stop()
	s.stopped()
	if took := time.Since(begin); took > time.Second {
		t.Errorf("G8: took %v", took)
	}
}

// Clients that come and go as fast as they can, all through the drain.
func TestClientsThatComeAndGoDoNotChangeTheTime(t *testing.T) {
	for name, o := range map[string]HTTPOptions{"alone": {}, "with a peer": {Peer: func() bool { return true }}} {
		t.Run(name, func(t *testing.T) {
			plan := small
			plan.Shared, plan.Announce = o.Peer != nil, Window{Min: 100 * time.Millisecond, Quiet: 50 * time.Millisecond, Max: 300 * time.Millisecond}
			s := open(t, plan, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }), o)
			enough, gone := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(gone)
				for {
					select {
					case <-enough:
						return
					default:
					}
					if conn, err := net.Dial("tcp", s.addr); err == nil {
						io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
						conn.Close()
					}
				}
			}()
			begin := time.Now()
			s.stop()
			report := s.stopped()
			took := time.Since(begin)
			close(enough)
			<-gone
			if took > time.Second {
				t.Errorf("G8: took %v: %+v", took, report)
			}
		})
	}
}

func TestWithAPeerNothingIsRefusedUntilTheListenerCloses(t *testing.T) {
	plan := small
	plan.Shared, plan.Announce = true, Window{Min: 200 * time.Millisecond, Quiet: 50 * time.Millisecond, Max: time.Second}
	slow := newGate()
	mux := http.NewServeMux()
	mux.Handle("/slow", slow)
	mux.HandleFunc("/quick", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	s := open(t, plan, mux, HTTPOptions{Peer: func() bool { return true }})
	s.request("/slow")
	<-slow.inside
	s.stop()
	seen := map[Phase]bool{}
	until(t, "a request served in finish", func() bool {
		phase := s.Phase()
		response, body := s.get("/quick")
		if response.StatusCode != http.StatusOK || body != "hello" {
			t.Errorf("G6: in %s a request is answered %d", phase, response.StatusCode)
		}
		seen[phase] = true
		return seen[Finish]
	})
	if !seen[Announce] {
		t.Error("there was no announcement")
	}
	close(slow.open)
	if report := s.stopped(); report.Refused != 0 || report.RequestsAfterSignal < 2 {
		t.Errorf("report %+v", report)
	}
}

func TestReadinessAndHealthTurn(t *testing.T) {
	slow := newGate()
	mux := http.NewServeMux()
	mux.Handle("/", slow)
	s := open(t, small, mux, HTTPOptions{})
	mux.HandleFunc("/readyz", s.ServeReady)
	mux.HandleFunc("/health", s.ServeHealth)
	mux.HandleFunc("/v1/drain", s.ServeStatus)
	s.request("/slow")
	<-slow.inside
	for path, want := range map[string]string{"/readyz": `{"status":"ready"}`, "/health": `{"status":"ok"}`} {
		if response, body := s.get(path); response.StatusCode != http.StatusOK || strings.TrimSpace(body) != want {
			t.Errorf("before the signal %s says %d %s", path, response.StatusCode, body)
		}
	}
	s.stop()
	until(t, "finish", func() bool { return s.Phase() == Finish })
	for _, path := range []string{"/readyz", "/health"} {
		want := `{"phase":"finish","status":"draining"}`
		if response, body := s.get(path); response.StatusCode != http.StatusServiceUnavailable || strings.TrimSpace(body) != want {
			t.Errorf("after the signal %s says %d %s", path, response.StatusCode, body)
		}
	}
	_, body := s.get("/v1/drain")
	var status Status
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.WaitingFor.Work) != 1 || status.WaitingFor.Work[0] != "GET /slow" || status.Signal != "SIGTERM" {
		t.Errorf("status %s", body)
	}
	close(slow.open)
	s.stopped()
}

func TestAHandlerSeesTheServersOwnWriter(t *testing.T) {
	s := open(t, small, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("through Unwrap: %v", err)
		}
		if n, err := io.Copy(w, strings.NewReader("copied")); n != 6 || err != nil {
			t.Errorf("copied %d, %v", n, err)
		}
		if OnDrain(t.Context(), nil) || !OnDrain(r.Context(), func(context.Context) {}) {
			t.Error("OnDrain does not know whose request it is asked about")
		}
	}), HTTPOptions{})
	if _, body := s.get("/"); body != "copied" {
		t.Errorf("body %q", body)
	}
	s.stop()
	s.stopped()
}

func TestAPlanThatDoesNotFitIsRefusedBeforeTheServerStarts(t *testing.T) {
	srv := &http.Server{}
	if _, err := HTTP(srv, Plan{Grace: time.Second}, HTTPOptions{}); err == nil || srv.Handler != nil {
		t.Errorf("err %v, handler %v", err, srv.Handler)
	}
	if _, err := New(Plan{}, nil, Options{}); err == nil {
		t.Error("a drain of nothing was made")
	}
}
