package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Looks is how often the balancers of these tests ask whether a node is ready.
const Looks = 100 * time.Millisecond

// haproxyConfig is HAProxy as its manual would have it, but for checks that are quick enough for a test. What it does
// when a connection to a server cannot be made at all (retries, redispatch) is left as it is by default.
const haproxyConfig = `
global
    maxconn 2000
    stats socket %[1]s/admin.sock
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 5m
    # A machine that is busy with tests may be late with an answer; what is late is not down.
    timeout check 10s
    option httpchk GET /readyz
    http-check send hdr Host localhost
frontend people
    bind %[2]s
    default_backend nodes
backend nodes
    balance roundrobin
    default-server check inter %[3]dms fastinter %[3]dms downinter %[3]dms fall 1 rise 1
%[4]s`

// Balancer is a running HAProxy.
type Balancer struct {
	t      testing.TB
	Addr   string // HOST:PORT
	socket string // where it tells how its servers are
}

// HAProxy puts a real HAProxy before the addresses. It ends with the test.
func HAProxy(t testing.TB, addrs []string) *Balancer {
	t.Helper()
	dir, at := t.TempDir(), "127.0.0.1:"+FreePort(t)
	var servers strings.Builder
	for i, a := range addrs {
		fmt.Fprintf(&servers, "    server node%d %s\n", i, a)
	}
	config := filepath.Join(dir, "haproxy.cfg")
	text := fmt.Sprintf(haproxyConfig, dir, at, Looks.Milliseconds(), servers.String())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.CommandContext(t.Context(), HAProxyProgram(t), "-db", "-f", config)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of HAProxy:\n%s", log.String())
		}
	})
	return &Balancer{t: t, Addr: at, socket: filepath.Join(dir, "admin.sock")}
}

// Await waits until HAProxy has checked all its servers and found so many of them ready.
func (b *Balancer) Await(ready int) {
	b.t.Helper()
	Until(b.t, fmt.Sprintf("HAProxy has found %d nodes that are ready", ready), func() bool { return b.up() == ready })
}

// up is how many servers HAProxy has, by its checks; -1 before it has checked all: it begins by believing in them.
func (b *Balancer) up() int {
	conn, err := new(net.Dialer).DialContext(b.t.Context(), "unix", b.socket)
	if err != nil {
		return -1 // it is not there yet
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("show stat nodes 4 -1\n")); err != nil {
		return -1
	}
	stat, err := io.ReadAll(conn)
	if err != nil || strings.Contains(string(stat), ",no check,") {
		return -1
	}
	return strings.Count(string(stat), ",UP,")
}

// HAProxyProgram is HAProxy's path: Debian puts it where only root looks.
func HAProxyProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("haproxy is not installed; scripts/setup-tests installs it")
	return ""
}
