package systemd_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// The socket of somebody who is not ours is served: systemd-socket-activate opens it, waits for the first who comes, and
// becomes the node.
func TestANodeServesTheSocketOfAnother(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string][]string{
		"nothing is said of listening": nil,
		"the socket is meant":          {"--listen", "fd:"},
		"the socket is meant by name":  {"--listen", "fd:http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := "127.0.0.1:" + lab.FreePort(t)
			n := lab.Launch(t, activated(t, addr, listen...))
			var conn net.Conn
			lab.Until(t, "somebody listens", func() (ok bool) {
				var err error
				conn, err = new(net.Dialer).DialContext(t.Context(), "tcp", addr)
				return err == nil
			})
			defer conn.Close() // who comes first starts the node, and says nothing
			<-n.Serving()
			if n.Addr != addr {
				t.Errorf("it serves at %s, and the socket is at %s", n.Addr, addr)
			}
			if task := n.Submit(`{"type":"echo","input":1}`, "Prefer: wait=10"); task.Status != lastcall.Succeeded {
				t.Errorf("the task is %s", task.Status)
			}
			n.Stop()
			if r := n.Drained(); r.Refused != 0 {
				t.Errorf("it refused %d", r.Refused)
			}
		})
	}
}

// An address beside a socket, or a name that no socket has, is a mistake of the settings: exit code 2, which systemd is
// told not to try again.
func TestASocketAndAnAddressContradictEachOther(t *testing.T) {
	t.Parallel()
	for listen, why := range map[string]string{
		"127.0.0.1:0": "systemd has handed over another socket (http), which nobody would serve",
		"fd:admin":    "no socket is called admin; there are: http",
	} {
		addr := "127.0.0.1:" + lab.FreePort(t)
		cmd := activated(t, addr, "--listen", listen)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lab.Until(t, "somebody listens", func() bool {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		})
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(said.String(), why) {
			t.Errorf("with --listen %s it ended with %v, and said %s", listen, err, said.String())
		}
	}
}

// activated is a node that systemd-socket-activate starts when somebody connects.
func activated(t *testing.T, addr string, listen ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"--listen=" + addr, "--fdname=http", lab.Binary(t)}, serve(lab.Data(t), listen...)...)
	return exec.CommandContext(t.Context(), "systemd-socket-activate", args...)
}

func serve(store string, flags ...string) []string {
	return append([]string{"serve", "--store", store, "--node", "lab", "--log-format", "json"}, flags...)
}

// holder is who holds the socket, as systemd does for a unit: processes come and go, and who connects meanwhile waits.
type holder struct {
	t      *testing.T
	socket *os.File
	addr   string
	store  string
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	h := &holder{t, socket, ln.Addr().String(), lab.Data(t)}
	_ = ln.Close() // the copy stays open
	return h
}

// start starts a process and returns when it serves.
func (h *holder) start() *lab.Node {
	h.t.Helper()
	args := append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, lab.Binary(h.t)}, serve(h.store)...)
	cmd := exec.CommandContext(h.t.Context(), "sh", args...)
	cmd.ExtraFiles = []*os.File{h.socket}
	n := lab.Launch(h.t, cmd)
	<-n.Serving()
	return n
}

// G1, G2, G4, G6: one process on one file is stopped while people use it, and the next is started when it has gone, as
// "systemctl restart" does. Nobody is refused: what comes while the last task is finished is taken in, for the next
// process to run; what comes when nobody is there waits in the line of the socket.
func TestARestartOfTheOnlyProcessRefusesNobody(t *testing.T) {
	t.Parallel()
	h := newHolder(t)
	first := h.start()
	long := first.Sleep("alice", 3*time.Second).ID
	first.AwaitStatus(long, lastcall.Running)
	crowd := lab.NewCrowd(t, h.addr)
	stop := crowd.Come(t.Context())
	lab.Until(t, "people are there", func() bool { return crowd.Served() >= 20 })
	first.Stop()
	first.Await("it drains", func(l lab.Line) bool { return l.Msg == "drain phase" })
	before := crowd.Served()
	lab.Until(t, "people are served while it drains", func() bool { return crowd.Served() >= before+10 })
	if a := first.Do(http.MethodGet, "/readyz", ""); a.Status != http.StatusOK {
		t.Errorf("a balancer that has nobody else is told %d", a.Status)
	}
	report := first.Drained()
	if report.Refused != 0 || report.Tasks.Finished == 0 || report.Tasks.HandedBack+report.Tasks.Fenced > 0 {
		t.Errorf("it refused %d, and %+v came of its tasks", report.Refused, report.Tasks)
	}
	second := h.start()
	after := crowd.Served()
	lab.Until(t, "people are served again", func() bool { return crowd.Served() >= after+20 })
	stop()
	for _, id := range append(crowd.Accepted(), long) {
		second.AwaitTask(id, "has run once", func(task lastcall.Task) bool { return task.Status == lastcall.Succeeded && task.Run == 1 })
	}
	t.Logf("%d requests, %d of them after the signal", crowd.Served(), report.RequestsAfterSignal)
	second.Signal(syscall.SIGTERM)
	second.Drained()
}
