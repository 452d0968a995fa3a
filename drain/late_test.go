package drain

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// withPeer is a plan that announces, and hands over quickly.
func withPeer() (Plan, HTTPOptions) {
	plan := small
	plan.Shared = true
	plan.Announce = Window{Min: 100 * time.Millisecond, Quiet: 20 * time.Millisecond, Max: 200 * time.Millisecond}
	return plan, HTTPOptions{Peer: func() bool { return true }}
}

// G6 and G8: with a peer a request that comes in finish is served, but the
// phase does not wait for it.
func TestALateRequestIsServedAndNotWaitedFor(t *testing.T) {
	plan, o := withPeer()
	early, late := newGate(), newGate()
	mux := http.NewServeMux()
	mux.Handle("/early", early)
	mux.Handle("/late", late)
	s := open(t, plan, mux, o)
	s.request("/early")
	<-early.inside
	begin := time.Now()
	s.stop()
	until(t, "finish", func() bool { return s.Phase() == Finish })
	_, answer := s.request("/late")
	<-late.inside
	close(early.open)
	until(t, "closing", func() bool { return s.Phase() == Closed })
	if took := time.Since(begin); took > time.Second { // hand_back would be after 1.3 s
		t.Errorf("finish waited for it: %v", took)
	}
	close(late.open)
	if response, body := s.answer(answer); response.StatusCode != http.StatusOK || body != "served" {
		t.Errorf("the late request was answered %d %q", response.StatusCode, body)
	}
	if report := s.stopped(); report.Tasks != (WorkTally{Finished: 2}) {
		t.Errorf("report %+v", report)
	}
}

// sockets is a handler that hijacks, and says farewell when it is asked to.
func sockets(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(t, w)
		OnDrain(r.Context(), func(context.Context) {
			io.WriteString(conn, "farewell")
			conn.Close()
		})
	})
}

// dial opens a socket and returns what comes over it after the upgrade.
func (s *site) dial() *bufio.Reader {
	s.t.Helper()
	_, answer := s.request("/ws")
	if response, err := http.ReadResponse(answer, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		s.t.Fatalf("the upgrade was answered %v, %v", response, err)
	}
	return answer
}

func TestASocketThatComesInFinishHearsFarewellAtOnce(t *testing.T) {
	plan, o := withPeer()
	early := newGate()
	mux := http.NewServeMux()
	mux.Handle("/early", early)
	mux.Handle("/ws", sockets(t))
	s := open(t, plan, mux, o)
	s.request("/early")
	<-early.inside
	s.stop()
	until(t, "finish", func() bool { return s.Phase() == Finish })
	if last, _ := io.ReadAll(s.dial()); string(last) != "farewell" {
		t.Errorf("the last words are %q", last)
	}
	close(early.open)
	s.stopped()
}

// 4 sockets at 10 a second are sent on within 400 ms, and not all at once.
func TestFarewellsAreSpread(t *testing.T) {
	plan, o := withPeer()
	plan.HandoverRate = 10
	s := open(t, plan, sockets(t), o)
	said := make(chan time.Time, 4)
	for range cap(said) {
		answer := s.dial()
		go func() { // ends with the farewell
			_, _ = io.ReadAll(answer)
			said <- time.Now()
		}()
	}
	s.stop()
	first, last := <-said, time.Time{}
	for range cap(said) - 1 {
		last = <-said
	}
	if spread := last.Sub(first); spread < 200*time.Millisecond || spread > 800*time.Millisecond {
		t.Errorf("the farewells came within %v", spread)
	}
	if report := s.stopped(); report.Clients.HandedOver != 4 {
		t.Errorf("report %+v", report)
	}
}

// The peer is lost while sockets are being sent to it one by one: there is
// nothing to spread over any more.
func TestWhenThePeerGoesTheRestHearFarewellAtOnce(t *testing.T) {
	plan, o := withPeer()
	plan.HandoverRate = 1 // 3 sockets within 3 s, which the grace cuts to about one
	var alone atomic.Bool
	o.Peer = func() bool { return !alone.Load() }
	s := open(t, plan, sockets(t), o)
	said := make(chan time.Time, 3)
	for range cap(said) {
		answer := s.dial()
		go func() { // ends with the farewell
			_, _ = io.ReadAll(answer)
			said <- time.Now()
		}()
	}
	s.stop()
	first := <-said
	alone.Store(true)
	<-said
	if last := <-said; last.Sub(first) > 300*time.Millisecond {
		t.Errorf("the last farewell came %v after the first", last.Sub(first))
	}
	s.stopped()
}

// While a handler keeps HandBack from ending, sockets are cut at its beginning
// and those that come in it at the end.
func TestSocketsAreCutWhenTimeIsUp(t *testing.T) {
	plan, o := withPeer()
	stuck, inside := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/stuck", func(http.ResponseWriter, *http.Request) { close(inside); <-stuck })
	mux.HandleFunc("/ws", func(w http.ResponseWriter, _ *http.Request) { hijack(t, w) })
	s := open(t, plan, mux, o)
	s.request("/stuck")
	<-inside
	first := s.dial()
	s.stop()
	_, _ = io.ReadAll(first)
	s.is(HandBack)
	second := s.dial()
	_, _ = io.ReadAll(second)
	s.is(Closed)
	if report := s.stopped(); report.Clients.Closed != 2 {
		t.Errorf("report %+v", report)
	}
	close(stuck)
}

func (s *site) is(want Phase) {
	s.t.Helper()
	if got := s.Phase(); got != want {
		s.t.Errorf("phase %s, want %s", got, want)
	}
}

// The orderly end of TLS sends an alert and waits up to 5 s for a peer whose
// buffers are full. There is no time for that.
func TestATLSPeerThatDoesNotReadIsCutAtOnce(t *testing.T) {
	full := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(t, w)
		secured := conn.(interface{ NetConn() net.Conn }).NetConn().(*tls.Conn)
		fill(t, secured.NetConn())
		close(full)
	})
	server := httptest.NewUnstartedServer(handler)
	signals := make(chan os.Signal)
	d, err := HTTP(server.Config, small, HTTPOptions{Options: Options{Signals: signals, Logger: slog.New(slog.DiscardHandler)}})
	if err != nil {
		t.Fatal(err)
	}
	server.StartTLS()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.NetConn().Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	<-full
	d.Start("test")
	if err := d.Run(t.Context()); err != nil {
		t.Error(err)
	}
	for _, phase := range d.Status().Report.Phases {
		if phase.Name == HandBack && phase.MS > 100 {
			t.Errorf("hand_back took %d ms", phase.MS)
		}
	}
}

// fill writes to a connection until not a byte more goes in.
func fill(t *testing.T, conn net.Conn) {
	t.Helper()
	for chunk := make([]byte, 1<<16); len(chunk) > 0; {
		if err := conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Error(err)
			return
		}
		if _, err := conn.Write(chunk); errors.Is(err, os.ErrDeadlineExceeded) {
			chunk = chunk[:len(chunk)/64] // the kernel still takes less
		}
	}
	_ = conn.SetWriteDeadline(time.Time{})
}
