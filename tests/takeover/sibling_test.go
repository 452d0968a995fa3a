package takeover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

const (
	siblingCallers = 8               // of each process
	siblingLong    = 5 * time.Second // of submits, one after the other each
)

// G1, G2, G6: two processes write to one file as fast as their callers let them, and run what was submitted meanwhile: no
// submit fails, and every task ends once. What a submit takes, alone and beside a busy sibling, is printed and decides
// nothing.
func TestTwoBusyProcessesOnOneFileFailNobody(t *testing.T) {
	// Not side by side with other tests, and without the race detector: what it prints is meant to be read.
	store, binary := lab.Data(t), lab.BuildPlain(t, "cmd/lastcall")
	open := func() *lab.Node {
		n := lab.Launch(t, exec.CommandContext(t.Context(), binary, lab.ServeArgs(store)...))
		n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
		return n
	}
	b := &busy{log: &checker.Log{}}
	a := open()
	alone := b.submit(t, "alone", a)
	beside := b.submit(t, "beside", a, open())
	record.End(t, a, b.log, b.clients, checker.Expect{Attempts: 1})
	t.Logf("a submit by one of %d callers over HTTP\nalone:                 %v\nbeside a busy sibling: %v",
		siblingCallers, alone, beside)
}

// busy is the callers of all rounds, and the record of what they were promised.
type busy struct {
	log *checker.Log

	mu      sync.Mutex
	clients []string
}

// submit has callers submit at each of the nodes at once, and returns what that took.
func (b *busy) submit(t *testing.T, round string, nodes ...*lab.Node) latencies {
	t.Helper()
	var (
		wg    sync.WaitGroup
		all   latencies
		until = time.Now().Add(siblingLong)
	)
	keep := &http.Transport{MaxIdleConnsPerHost: siblingCallers}
	defer keep.CloseIdleConnections()
	for i, n := range nodes {
		n.Transport = keep
		for j := range siblingCallers {
			wg.Go(func() {
				own, err := b.call(n, fmt.Sprintf("%s-%d-%d", round, i, j), until)
				if err != nil {
					t.Error(err)
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				all = append(all, own...)
			})
		}
	}
	wg.Wait()
	slices.Sort(all)
	return all
}

// call is one caller, with tasks of both built-in types by turns, which take no time.
func (b *busy) call(n *lab.Node, client string, until time.Time) (own latencies, err error) {
	b.mu.Lock()
	b.clients = append(b.clients, client)
	b.mu.Unlock()
	work := []string{`{"type":"echo","client":%q,"input":1}`, `{"type":"sleep","client":%q,"input":{"ms":0}}`}
	for began := time.Now(); began.Before(until); began = time.Now() {
		task, err := submitted(n, fmt.Sprintf(work[len(own)%len(work)], client))
		if err != nil {
			return own, fmt.Errorf("%s, submit %d: %w", client, len(own)+1, err)
		}
		own = append(own, time.Since(began))
		b.log.Submitted(checker.Submit{Client: client}, task)
	}
	return own, nil
}

// submitted submits a task, once.
func submitted(n *lab.Node, body string) (task lastcall.Task, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	defer cancel()
	a, err := n.Try(ctx, http.MethodPost, "/v1/tasks", body)
	if err != nil {
		return task, err
	}
	if a.Status != http.StatusAccepted {
		return task, fmt.Errorf("%d %s", a.Status, a.Body)
	}
	err = json.Unmarshal(a.Body, &task)
	return task, err
}

// latencies are in order.
type latencies []time.Duration

func (l latencies) String() string {
	if len(l) == 0 {
		return "none"
	}
	at := func(i int) time.Duration { return l[i].Round(10 * time.Microsecond) }
	return fmt.Sprintf("%d submits, p50 %v, p99 %v, longest %v", len(l), at(len(l)/2), at(len(l)*99/100), at(len(l)-1))
}
