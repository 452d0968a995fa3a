package faults_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// The crowd at the end: half of it reads and answers, half does neither; of each half some wait for a task.
const (
	everybody = 10_000
	waiting   = 500 // of each half
)

// plain starts a node whose program is built as for users: the race detector bears neither so many goroutines nor a bound
// on memory.
func plain(t *testing.T, env []string, flags ...string) *lab.Node {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), lab.BuildPlain(t, "cmd/lastcall"), lab.ServeArgs(lab.Data(t), flags...)...)
	cmd.Env = env
	n := lab.Launch(t, cmd)
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	n.Transport = one(t)
	return n
}

// guest is a client that behaves.
type guest struct {
	silent

	in    *bufio.Reader
	heard atomic.Int64 // results
	code  int          // it was closed with
}

// listen reads to the end, and answers pings.
func (g *guest) listen() {
	for {
		op, payload, err := frame(g.in)
		switch {
		case err != nil:
			return
		case op == opPing:
			_ = g.say(opPong, string(payload)) // a connection that is gone is found out by the next read
		case op == opText && strings.Contains(string(payload), `"task.succeeded"`):
			g.heard.Add(1)
		case op == opClose && len(payload) >= 2:
			g.code = int(binary.BigEndian.Uint16(payload))
			return
		}
	}
}

// G7, G8: ten thousand clients are there when the node is told to stop, and half of them neither read nor answer anything.
// Those who listen get what they wait for and are told to come back, and the node is gone in time and in order.
func TestTenThousandClientsAtTheEndHalfOfThemSilent(t *testing.T) {
	t.Parallel()
	n := plain(t, nil, "--grace=60s", "--concurrency=1000")
	guests := make([]*guest, everybody)
	var all crowd
	t.Cleanup(all.leave)
	arrive(t, n, guests, &all)
	var tasks []string
	for i := range 2 * waiting {
		tasks = append(tasks, fmt.Sprintf(`{"type":"sleep","client":"c%d","input":{"ms":4000,"steps":1}}`, i))
	}
	if a := n.Do(http.MethodPost, "/v1/tasks:batch", `{"tasks":[`+strings.Join(tasks, ",")+`]}`); a.Status != http.StatusAccepted {
		t.Fatalf("the tasks are answered %d %s", a.Status, a.Body)
	}
	var listening sync.WaitGroup
	for i, g := range guests {
		if i%2 == 0 {
			listening.Go(g.listen) // ends with the connection
		}
	}
	n.Signal(syscall.SIGTERM)
	code, report := n.Wait()
	if code != drain.ExitDrained || report == nil {
		t.Fatalf("G8: it ended with %d, report %+v", code, report)
	}
	listening.Wait()
	unheard, untold := 0, 0
	for i := 0; i < everybody; i += 2 {
		if i < 2*waiting && guests[i].heard.Load() != 1 {
			unheard++
		}
		if guests[i].code != 1012 {
			untold++
		}
	}
	if unheard > 0 || untold > 0 {
		t.Errorf("G7: %d have no answer, %d were not told to come back", unheard, untold)
	}
	c := report.Clients
	if report.SpareMS <= 0 || report.Tasks.Finished != 2*waiting || c.Served+c.HandedOver+c.Closed != everybody {
		t.Errorf("G8: report %+v", report)
	}
	t.Logf("report %+v", report)
}

// arrive lets everybody in. None of the readers is under way yet.
func arrive(t *testing.T, n *lab.Node, guests []*guest, all *crowd) {
	t.Helper()
	var coming sync.WaitGroup
	var failed atomic.Int64
	next := make(chan int)
	for range 32 {
		coming.Go(func() { // ends with next
			for i := range next {
				g, err := enter(n.Addr, "c"+strconv.Itoa(i))
				if err != nil {
					failed.Add(1)
					continue
				}
				all.add(g.silent)
				guests[i] = g
			}
		})
	}
	for i := range guests {
		next <- i
	}
	close(next)
	coming.Wait()
	if failed.Load() > 0 {
		t.Fatalf("%d were not let in", failed.Load())
	}
}

// enter opens a socket and says hello.
func enter(addr, client string) (*guest, error) {
	c, err := come(addr, handshake, client)
	if err != nil {
		return nil, err
	}
	g := &guest{silent: c, in: bufio.NewReaderSize(c, 256)}
	resp, err := http.ReadResponse(g.in, nil)
	if err != nil {
		return g, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return g, fmt.Errorf("answered %s", resp.Status)
	}
	return g, g.say(opText, `{"t":"hello"}`)
}
