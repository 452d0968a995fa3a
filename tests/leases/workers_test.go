package leases_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestWorkersInPythonAndShellWorkOffWhatIsTheirs(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		var primes, probes []string
		for range 5 {
			primes = append(primes, submit(n, "primes", quick))
			probes = append(probes, submit(n, "probe", `{"url":"http://`+n.Addr+`/livez"}`))
		}
		bad, worse := submit(n, "primes", `"all of them"`), submit(n, "probe", `{}`)
		py, sh := python(t.T, n.Addr), shell(t.T, n.Addr)
		later := submit(n, "primes", quick) // while they are there
		for _, id := range append(primes, later) {
			task := done(n, id)
			ended(t.T, task, lastcall.Succeeded, ofQuick)
			counted(t.T, task, 1, 1, 0, 0)
			at(t.T, task, "the python")
		}
		for _, id := range probes {
			var out struct {
				Status  int
				Seconds float64
			}
			task := done(n, id)
			ended(t.T, task, lastcall.Succeeded, "")
			at(t.T, task, "the shell")
			lab.Answer{Body: task.Output}.Decode(n, &out)
			if out.Status != http.StatusOK || out.Seconds <= 0 {
				t.Errorf("a page that answers is %s", task.Output)
			}
		}
		ended(t.T, done(n, bad), lastcall.Failed, "bad_input")
		ended(t.T, done(n, worse), lastcall.Failed, "bad_input")
		py.stop()
		sh.stop()
	})
}

// at fails the test unless the task says that this worker has it, or had.
func at(t *testing.T, task lastcall.Task, worker string) {
	t.Helper()
	if task.Node != worker {
		t.Errorf("a task of %q is at %q", worker, task.Node)
	}
}

// endless is the address of a page that does not answer until its test is over.
func endless(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	over, came := make(chan struct{}), make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(over); s.Close() })
	return s.URL, came
}

func TestACancelReachesWorkersOutside(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		url, asked := endless(t.T)
		python(t.T, n.Addr)
		shell(t.T, n.Addr)
		counting, probing := submit(n, "primes", `{"below":20000,"rest":2}`), submit(n, "probe", `{"url":"`+url+`"}`)
		underWay(n, counting)
		<-asked
		cancel(n, counting)
		cancel(n, probing)
		for _, id := range []string{counting, probing} {
			task := done(n, id)
			ended(t.T, task, lastcall.Canceled, "null")
			counted(t.T, task, 1, 1, 0, 0)
		}
	})
}

// G4: who is told to stop gives back what it holds, and somebody else goes on from there.
func TestAWorkerThatIsToldToStopGivesItsTaskBack(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		url, asked := endless(t.T)
		py, sh := python(t.T, n.Addr), shell(t.T, n.Addr)
		counting, probing := submit(n, "primes", slow), submit(n, "probe", `{"url":"`+url+`"}`)
		underWay(n, counting)
		<-asked
		py.stop()
		sh.stop()
		for _, id := range []string{counting, probing} {
			task := n.Task(id)
			ended(t.T, task, lastcall.Queued, "")
			counted(t.T, task, 1, 0, 1, 0)
		}
		python(t.T, n.Addr)
		task := done(n, counting)
		ended(t.T, task, lastcall.Succeeded, ofSlow)
		counted(t.T, task, 2, 1, 1, 0)
	})
}

// G3, G9: a worker that dies loses its task when its lease has run out, as one crash, and what it had counted is not lost.
func TestTheTaskOfAWorkerThatDiedRunsAgain(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		py := pythonFor(t.T, shortTime, n.Addr)
		id := submit(n, "primes", slow)
		seen := underWay(n, id).Progress.Percent
		py.kill()
		n.AwaitStatus(id, lastcall.Queued)
		counted(t.T, n.Task(id), 1, 0, 0, 1)
		n.Await("the node says who has lost which task", func(l lab.Line) bool {
			return strings.Contains(l.Raw, `"level":"WARN"`) && strings.Contains(l.Raw, `"worker":"the python"`) && strings.Contains(l.Raw, id)
		})
		python(t.T, n.Addr)
		again := underWay(n, id)
		if again.Progress.Percent <= seen {
			t.Errorf("the next run is at %v %%, the one that died had been at %v", again.Progress.Percent, seen)
		}
		task := done(n, id)
		ended(t.T, task, lastcall.Succeeded, ofSlow)
		counted(t.T, task, 2, 1, 0, 1)
	})
}

// address is where a node can be told to serve.
func address(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", lab.FreePort(t))
}
