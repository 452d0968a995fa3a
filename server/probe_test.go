package server //nolint:testpackage // it is nobody else's

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestPeersProbeWhereTheNodeListens(t *testing.T) {
	own := []net.Addr{
		network("127.0.0.1/8"), network("::1/128"), network("169.254.7.7/16"), network("fe80::7/64"),
		network("fd00::7/64"), network("10.0.0.7/24"), network("192.168.0.7/24"),
	}
	const file, database = "sqlite:x", "postgres://db/x"
	path := &net.UnixAddr{Name: "/run/lastcall.sock", Net: "unix"}
	for name, c := range map[string]struct {
		store, advertise string
		at               net.Addr
		own              []net.Addr
		want             string
	}{
		"one address":                       {file, "", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, own, "127.0.0.1:8080"},
		"one of IPv6":                       {file, "", &net.TCPAddr{IP: net.IPv6loopback, Port: 8080}, own, "[::1]:8080"},
		"one of a network":                  {database, "", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 80}, own, "10.0.0.9:80"},
		"all of them, one file":             {file, "", &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, own, "localhost:8080"},
		"all of IPv4, one file":             {file, "", &net.TCPAddr{IP: net.IPv4zero, Port: 9090}, own, "localhost:9090"},
		"all of them, a database":           {database, "", &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, own, "[fd00::7]:8080"},
		"all of IPv4, a database":           {database, "", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, own, "10.0.0.7:8080"},
		"all of them, and on no network":    {database, "", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, own[:4], "localhost:8080"},
		"another spelling of the scheme":    {"postgresql://db/x", "", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, own, "10.0.0.7:8080"},
		"advertised: a host":                {database, "node-a.internal", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, own, "node-a.internal:8080"},
		"advertised: a host and its port":   {database, "node-a.internal:80", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, own, "node-a.internal:80"},
		"advertised: an address of IPv6":    {database, "fd00::9", &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, own, "[fd00::9]:8080"},
		"advertised: one with its port":     {database, "[fd00::9]:80", &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, own, "[fd00::9]:80"},
		"a path":                            {file, "", path, own, "/run/lastcall.sock"},
		"advertised: what is before a path": {database, "10.0.0.1:80", path, own, "10.0.0.1:80"},
		"advertised though one is listened": {file, "10.0.0.1:80", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, own, "10.0.0.1:80"},
	} {
		own := func() ([]net.Addr, error) { return c.own, nil }
		if got := (Options{Store: c.store, Advertise: c.advertise}).peerAddress(c.at, own); got != c.want {
			t.Errorf("%s: %v is probed at %s, want %s", name, c.at, got, c.want)
		}
	}
}

// G6: what listens at a path has no port that could be asked. Where peers share a database that is said, and what is
// advertised has to name one.
func TestANodeAtAPathSaysHowItsPeersReachIt(t *testing.T) {
	path := &net.UnixAddr{Name: "/run/lastcall.sock", Net: "unix"}
	const file, database = "sqlite:x", "postgres://db/x"
	for name, c := range map[string]struct {
		store, advertise string
		at               net.Addr
		refused, warned  bool
	}{
		"nobody can ask it":      {database, "", path, false, true},
		"nobody is there to ask": {file, "", path, false, false},
		"no port is said":        {database, "node-a", path, true, false},
		"all of it is said":      {database, "node-a:80", path, false, false},
		"it listens at a port":   {database, "node-a", &net.TCPAddr{Port: 80}, false, false},
	} {
		var log strings.Builder
		o := Options{Store: c.store, Advertise: c.advertise, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		err := o.checkReach(c.at)
		if refused := err != nil; refused != c.refused || (log.Len() > 0) != c.warned {
			t.Errorf("%s: %v; the log says %q", name, err, log.String())
		}
	}
}

// G6: two pods that share a file have a network each, in which a loopback address is their own: what they advertise is what
// the other can reach.
func TestPodsOnOneFileAreProbedAtTheirOwnAddress(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	own := func() ([]net.Addr, error) { return []net.Addr{network("127.0.0.1/8"), network("10.244.0.7/24")}, nil }
	at := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	if got := (Options{Store: "sqlite:x"}).peerAddress(at, own); got != "10.244.0.7:8080" {
		t.Errorf("a pod is probed at %s", got)
	}
}

// G6: who asks itself, where a peer says that it is, has not asked that peer, however ready the answer is. One that does not
// say who it is comes from a version before, and is believed.
func TestANodeDoesNotTakeAnAnswerOfItsOwnForItsPeers(t *testing.T) {
	for says, want := range map[string]probed{"me": otherProbe, "peer": readyProbe, "": readyProbe} {
		ready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if says != "" {
				w.Header().Set("Lastcall-Incarnation", says)
			}
		}))
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		peer := lastcall.Node{Incarnation: "peer", Address: strings.TrimPrefix(ready.URL, "http://")}
		if got := probe(t.Context(), client, &peer); got != want {
			t.Errorf("an answer of %q is taken for %v, want %v", says, got, want)
		}
		ready.Close()
	}
}

// network is an address of a host, as it says them of itself.
func network(cidr string) net.Addr {
	ip, n, err := net.ParseCIDR(cidr)
	if err != nil {
		panic(err)
	}
	return &net.IPNet{IP: ip, Mask: n.Mask}
}

// G6: peers that swallow what is sent to them, as those on a host that has just died do, cost a look one probe's time
// together, and those that answer are heard.
func TestPeersThatSwallowProbesDoNotKeepTheOthersFromBeingHeard(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing on them
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "localhost" || r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusForbidden) // as one does that listens for its own host alone
		}
	}))
	defer ready.Close()
	peers := make([]lastcall.Node, probesMost)
	for i := range peers {
		peers[i].Address = silent.Addr().String()
	}
	last := len(peers) - 1
	peers[last].Address = strings.TrimPrefix(ready.URL, "http://")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	answers := probeAll(t.Context(), client, peers)
	if took := time.Since(began); took > 4*peersTimeout {
		t.Errorf("one look took %v", took)
	}
	if answers[0] != lateProbe || answers[last] != readyProbe {
		t.Errorf("they answered %v", answers)
	}
}
