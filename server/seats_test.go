package server

import (
	"log/slog"
	"net"
	"strings"
	"testing"
)

// guests is a listener with a server of no more sense than to hold what it accepts.
func guests(t *testing.T, s *seats) (come func() *seat) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	at := s.at(ln)
	return func() *seat {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		accepted, err := at.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = accepted.Close() })
		return accepted.(*seat)
	}
}

// G10: whoever finds all seats taken stands, the longest standing makes way, and a seat that is given back is taken.
func TestTheLongestStandingMakesWay(t *testing.T) {
	sent := 0
	var log strings.Builder
	s := &seats{most: 2, log: slog.New(slog.NewTextHandler(&log, nil)), crowded: func() { sent++ }}
	come := guests(t, s)
	var inside []*seat
	arrive := func() *seat {
		inside = append(inside, come())
		return inside[len(inside)-1]
	}
	for range 2 {
		if arrive().stands {
			t.Error("there are two seats, and one of two stands")
		}
	}
	for range standingMost {
		if !arrive().stands {
			t.Fatal("a third has a seat, of two")
		}
	}
	if sent != 0 {
		t.Errorf("%d had to go, and there was room to stand", sent)
	}
	arrive()
	if longest := inside[2]; sent != 1 || !longest.closed.Load() || inside[3].closed.Load() {
		t.Errorf("%d had to go; the longest standing did: %v", sent, longest.closed.Load())
	}
	for range 2 {
		_ = inside[0].Close() // and again, as http.Server does: it counts once
	}
	if arrive().stands {
		t.Error("a seat was given back, and who comes stands")
	}
	if open, most := s.count(); open != 2+standingMost || most != 2 {
		t.Errorf("%d connections of %d", open, most)
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log says\n%s", log.String())
	}
}

func TestANodeKeepsDescriptorsForItself(t *testing.T) {
	for _, c := range []struct {
		what        string
		limit       uint64
		asked, runs int
		want        int
	}{
		{"a usual limit", 20_000, 0, 64, 20_000 - 64 - 64 - 8*64},
		{"as was asked for", 20_000, 100, 64, 100},
		{"more was asked for than there is", 1000, 5000, 4, 1000 - 64 - 64 - 8*4},
		{"too few for all: half of them", 256, 0, 64, 128},
		{"no limit is known", 0, 0, 64, 0},
		{"no limit is known, one was asked for", 0, 7, 64, 7},
		{"as good as none", 1 << 60, 0, 64, 1<<31 - 1 - 64 - 64 - 8*64},
	} {
		o := Options{MaxConnections: c.asked, Concurrency: c.runs, Logger: slog.New(slog.DiscardHandler)}
		if got := o.maxConnections(c.limit); got != c.want {
			t.Errorf("%s: %d connections, want %d", c.what, got, c.want)
		}
	}
}
