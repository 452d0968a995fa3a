package drain

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestAHijackedConnectionIsWaitedForAndSaysFarewell(t *testing.T) {
	s := open(t, small, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(t, w)
		OnDrain(r.Context(), func(context.Context) {
			io.WriteString(conn, "farewell")
			conn.Close()
		})
	}), HTTPOptions{})
	conn, answer := s.request("/ws")
	if response, _ := http.ReadResponse(answer, nil); response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade was answered %d", response.StatusCode)
	}
	s.stop()
	last, err := io.ReadAll(answer)
	if string(last) != "farewell" {
		t.Errorf("G7: the last words are %q (%v)", last, err)
	}
	conn.Close()
	if report := s.stopped(); report.Clients.Served != 1 || report.Clients.Closed != 0 {
		t.Errorf("report %+v", report)
	}
}

// The peer never answers and the handler waits for it: a second, and that is all.
func TestAClientThatNeverAnswersItsCloseCostsASecond(t *testing.T) {
	s := open(t, Plan{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(t, w)
		OnDrain(r.Context(), func(context.Context) { io.WriteString(conn, "close frame") })
		_, _ = io.Copy(io.Discard, conn)
	}), HTTPOptions{})
	_, answer := s.request("/ws")
	if _, err := http.ReadResponse(answer, nil); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	s.stop()
	report := s.stopped()
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("G8: took %v", took)
	}
	if report.Clients.Closed != 1 {
		t.Errorf("report %+v", report)
	}
}

func TestAConnectionNobodyEndsIsCutInHandBack(t *testing.T) {
	s := open(t, small, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { hijack(t, w) }), HTTPOptions{})
	_, answer := s.request("/ws")
	if _, err := http.ReadResponse(answer, nil); err != nil {
		t.Fatal(err)
	}
	s.stop()
	report := s.stopped()
	if _, err := answer.ReadByte(); err == nil {
		t.Error("the connection is still open")
	}
	if report.Clients.Closed != 1 || len(report.Phases) != 3 {
		t.Errorf("report %+v", report)
	}
}
