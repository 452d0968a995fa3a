package crash_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// counts are the totals of all queues.
type counts struct{ Queued, Scheduled, Running int64 }

func count(n *lab.Node) counts {
	var answer struct{ Totals counts }
	n.Do(http.MethodGet, "/v1/queues", "").Decode(n, &answer)
	return answer.Totals
}

// settle waits until nothing waits and nothing runs.
func settle(t *testing.T, n *lab.Node) {
	t.Helper()
	lab.Until(t, "every task has ended", func() bool { return count(n) == counts{} })
}

// end waits until every task has ended, and holds the record against the promises.
func end(t *testing.T, n *lab.Node, log *checker.Log, clients []string) {
	t.Helper()
	settle(t, n)
	verify(t, n, log, clients, checker.Expect{})
}

// verify completes the record with all tasks and all mailboxes, of which nothing may change meanwhile, and holds it
// against the promises.
func verify(t *testing.T, n *lab.Node, log *checker.Log, clients []string, expect checker.Expect) {
	t.Helper()
	log.Final(tasks(t, n))
	for _, client := range clients {
		readMailbox(t, n, log, client)
	}
	if found := log.Verify(expect); len(found) > 0 {
		t.Errorf("promises were broken:\n%s", checker.Report(found))
	}
}

// tasks lists all tasks, page by page.
func tasks(t *testing.T, n *lab.Node) []lastcall.Task {
	t.Helper()
	var all []lastcall.Task
	for path := "/v1/tasks?limit=200"; ; {
		var page struct {
			Tasks []lastcall.Task
			Next  string
		}
		a := n.Do(http.MethodGet, path, "")
		if a.Status != http.StatusOK {
			t.Fatalf("list tasks: %d %s", a.Status, a.Body)
		}
		a.Decode(n, &page)
		all = append(all, page.Tasks...)
		if page.Next == "" {
			return all
		}
		path = "/v1/tasks?limit=200&cursor=" + page.Next
	}
}

// readMailbox reads a client's mailbox from the first event to the last.
func readMailbox(t *testing.T, n *lab.Node, log *checker.Log, client string) {
	t.Helper()
	look, welcome := n.Connect(client, "")
	at, err := lastcall.ParseCursor(welcome.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	at.Seq = 0
	_ = look.Conn.CloseNow()
	s, _ := n.Connect(client, at.String())
	conn := "the end of " + client
	log.Connected(client, conn, at)
	for {
		f, err := s.Next(lab.Patience)
		switch {
		case err != nil:
			t.Fatalf("read the mailbox of %s: %v", client, err)
		case f.T == "event":
			log.EventSeen(client, conn, cursor(f), event(f))
		case f.T == "gap":
			log.Gap(client, conn, lastcall.Gap{Why: lastcall.GapReason(f.Why), From: f.From, To: f.To, Cursor: cursor(f)})
		case f.T == "live":
			_ = s.Conn.CloseNow()
			return
		}
	}
}

// event is the event that a frame carries.
func event(f lab.Frame) lastcall.Event {
	return lastcall.Event{Seq: f.Seq, ID: f.ID, Type: f.Type, Task: f.Task, Run: f.Run, Attempt: f.Attempt, At: f.At, Data: f.Data}
}

// cursor is a frame's cursor; the checker finds one that is none.
func cursor(f lab.Frame) lastcall.Cursor {
	c, _ := lastcall.ParseCursor(f.Cursor)
	return c
}

// spread is min, median and max of what was measured.
type spread[T int | int64] []T

func (s spread[T]) String() string {
	if len(s) == 0 {
		return "none"
	}
	all := slices.Sorted(slices.Values(s))
	return fmt.Sprintf("min %v, median %v, max %v", all[0], all[len(all)/2], all[len(all)-1])
}
