package crash_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G9: how much waits makes no difference to how soon a node is back after a SIGKILL, and nothing of it is lost. One in ten
// of the tasks is of a type that the node runs; the others wait for a node that runs theirs and must not be in the way.
// The time is logged; it decides nothing, as machines differ.
func TestANodeIsBackAtOnceWithALargeBacklog(t *testing.T) {
	const backlog, clients = 5_000, 20
	store := lab.Data(t)
	log, names := &checker.Log{}, make([]string, clients)
	for i := range names {
		names[i] = fmt.Sprintf("client-%d", i)
	}
	fill(t, store, log, names, backlog)
	n := lab.Start(t, store)
	lab.Until(t, "it is at work", func() bool { return record.Count(n).Queued < backlog-backlog/50 })
	n.Kill()
	begin := time.Now()
	n = lab.Start(t, store)
	lab.Until(t, "it is ready", func() bool { return n.Do(http.MethodGet, "/readyz", "").Status == http.StatusOK })
	ready, left := time.Since(begin), record.Count(n).Queued
	lab.Until(t, "it has done what it can", func() bool { return record.Count(n) == record.Counts{Queued: backlog - backlog/10} })
	record.Verify(t, n, log, names, checker.Expect{Unfinished: true, Attempts: 1})
	t.Logf("ready %v after SIGKILL with %d of %d tasks queued", ready.Round(time.Millisecond), left, backlog)
}

// fill writes a backlog as an earlier life of the node has left it. Over REST it would take longer than all the rest.
func fill(t *testing.T, store string, log *checker.Log, clients []string, tasks int) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), strings.TrimPrefix(store, "sqlite:"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]lastcall.Submission, 1000)
	for done := 0; done < tasks; done += len(batch) {
		for i := range batch {
			batch[i] = lastcall.Submission{
				Type: "elsewhere", Client: clients[i%len(clients)], Input: json.RawMessage(strconv.Itoa(done + i)),
			}
			if i/len(clients)%10 == 0 {
				batch[i].Type = "echo"
			}
		}
		written, err := s.Submit(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for i := range written {
			log.Submitted(checker.Submit{Client: written[i].Task.Client}, written[i].Task)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
