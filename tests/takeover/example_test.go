package takeover_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// example is examples/one-host, in a folder of its own, with the addresses that a test needs.
type example struct {
	t     *testing.T
	dir   string
	addrs []string
	env   []string
}

func newExample(t *testing.T) *example {
	t.Helper()
	e := &example{t: t, dir: t.TempDir()}
	if err := os.CopyFS(e.dir, os.DirFS("../../examples/one-host")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		e.addrs = append(e.addrs, "127.0.0.1:"+lab.FreePort(t))
	}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "LASTCALL_") {
			e.env = append(e.env, kv)
		}
	}
	e.env = append(e.env, "LISTEN="+e.addrs[0], "A="+e.addrs[1], "B="+e.addrs[2], "LASTCALL="+lab.Binary(t))
	t.Cleanup(e.end)
	return e
}

// deploy runs the script, and fails the test if that fails.
func (e *example) deploy() string {
	e.t.Helper()
	said, err := e.try()
	if err != nil {
		e.t.Fatalf("deploy: %v\n%s", err, said)
	}
	return said
}

// try runs the script and returns what it said.
func (e *example) try() (string, error) {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), "./deploy")
	cmd.Dir, cmd.Env = e.dir, e.env
	said := filepath.Join(e.dir, "said") // a file: what the script leaves behind must not keep a pipe open
	f, err := os.Create(said)
	if err != nil {
		e.t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	failed := cmd.Run()
	b, err := os.ReadFile(said)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(b), failed
}

// haproxy runs the example's balancer.
func (e *example) haproxy() {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), lab.HAProxyProgram(e.t), "-db", "-f", "haproxy.cfg")
	cmd.Dir, cmd.Env = e.dir, e.env
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if e.t.Failed() {
			e.t.Logf("log of HAProxy:\n%s", log.String())
		}
	})
}

// end ends the processes that the script has started: they are nobody's children.
func (e *example) end() {
	for _, addr := range e.addrs[1:] {
		pid := e.pid(addr)
		if pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			lab.Until(e.t, "the process at "+addr+" is gone", func() bool { return syscall.Kill(pid, 0) != nil })
		}
		if log, err := os.ReadFile(filepath.Join(e.dir, addr+".log")); err == nil && e.t.Failed() {
			e.t.Logf("log of the node at %s:\n%s", addr, log)
		}
	}
}

// pid is that of the process at an address, 0 if there never was one.
func (e *example) pid(addr string) int {
	b, err := os.ReadFile(filepath.Join(e.dir, addr+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		e.t.Errorf("the pid of %s: %v", addr, err)
	}
	return pid
}

// G4, G5, G6: the example does what its README says, as it stands there, while people use it.
func TestTheExampleDeploysAtNoon(t *testing.T) {
	t.Parallel()
	e := newExample(t)
	e.deploy()
	e.haproxy()
	front := lab.Front(t, e.addrs[0], nil)
	lab.Until(t, "HAProxy has found out who is ready", func() bool {
		a, err := front.Try(t.Context(), "GET", "/livez", "")
		return err == nil && a.Status == 200
	})
	wait(3 * time.Second) // until HAProxy believes in nobody who is not there
	c := load.Gather(t, load.Plan{Work: `{"type":"thumbnail","client":%q,"input":{"ms":%d}}`}, e.addrs[0])
	for range 2 {
		said := e.deploy()
		if !strings.Contains(said, "has ended") {
			t.Errorf("deploy said %q", said)
		}
	}
	c.Home()
	record.End(t, front, c.Log, c.Clients, checker.Expect{Attempts: 1})
	task := front.Submit(`{"type":"thumbnail","input":"a.png"}`, "Prefer: wait=10")
	if task.Status != lastcall.Succeeded || string(task.Output) != `{"of":"a.png","width":128}` {
		t.Errorf("the handler came to %s %s", task.Status, task.Output)
	}
	log := front.Do("GET", "/v1/tasks/"+task.ID+"/log", "")
	if got := string(log.Body); got != "making a thumbnail of \"a.png\"\n" {
		t.Errorf("its log is %q", got)
	}
	t.Log(c)
}

// What a deploy that was cut off has left is two processes that share the work. The next one does not take either for the
// other.
func TestADeployAfterOneThatWasCutOffTouchesNothing(t *testing.T) {
	t.Parallel()
	e := newExample(t)
	e.deploy()
	cmd := exec.CommandContext(t.Context(), lab.Binary(t), "serve", "--config", "lastcall.yaml", "--listen", e.addrs[2])
	cmd.Dir, cmd.Env = e.dir, e.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pid := []byte(strconv.Itoa(cmd.Process.Pid))
	if err := os.WriteFile(filepath.Join(e.dir, e.addrs[2]+".pid"), pid, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, addr := range e.addrs[1:] {
		front := lab.Front(t, addr, nil)
		lab.Until(t, addr+" is ready", func() bool {
			a, err := front.Try(t.Context(), "GET", "/readyz", "")
			return err == nil && a.Status == 200
		})
	}
	said, err := e.try()
	if err == nil || !strings.Contains(said, "two processes serve") {
		t.Errorf("deploy said %q, %v", said, err)
	}
	for _, addr := range e.addrs[1:] {
		if a := lab.Front(t, addr, nil).Do("GET", "/readyz", ""); a.Status != 200 {
			t.Errorf("%s is %d", addr, a.Status)
		}
	}
}
