package takeover_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// looks is how often the balancers of these tests ask whether a node is ready.
const looks = 100 * time.Millisecond

// forwarder puts the smallest of balancers before the addresses and returns where it listens.
func forwarder(t *testing.T, addrs []string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := forward.New(looks)
	for _, a := range addrs {
		f.Add(a)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it ends after what comes through it
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, ln) }() // ends with ctx, and is waited for
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	lab.Until(t, "the forwarder has found a node that is ready", func() bool { return len(f.Ready()) > 0 })
	return ln.Addr().String()
}

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

// haproxy puts a real HAProxy before the addresses and returns where it listens.
func haproxy(t *testing.T, addrs []string) string {
	t.Helper()
	dir, at := t.TempDir(), "127.0.0.1:"+lab.FreePort(t)
	var servers strings.Builder
	for i, a := range addrs {
		fmt.Fprintf(&servers, "    server node%d %s\n", i, a)
	}
	config := filepath.Join(dir, "haproxy.cfg")
	text := fmt.Sprintf(haproxyConfig, dir, at, looks.Milliseconds(), servers.String())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.CommandContext(t.Context(), program(t), "-db", "-f", config)
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
	lab.Until(t, "HAProxy has found out who is ready", func() bool { return checked(filepath.Join(dir, "admin.sock")) })
	return at
}

// checked reports whether HAProxy has one node, by its checks. It begins by believing in all.
func checked(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false // it is not there yet
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("show stat nodes 4 -1\n")); err != nil {
		return false
	}
	stat, err := io.ReadAll(conn)
	return err == nil && strings.Count(string(stat), ",UP,") == 1 && !strings.Contains(string(stat), ",no check,")
}

// program is HAProxy's path: Debian puts it where only root looks.
func program(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("haproxy is not installed; scripts/setup-tests installs it")
	return ""
}
