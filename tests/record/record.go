// Package record fills the record that package checker holds against the promises, from what nodes say: their tasks, and
// the mailboxes of their clients.
package record

import (
	"net/http"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// Counts are the totals of all queues.
type Counts struct{ Queued, Scheduled, Running int64 }

// Count asks for the totals.
func Count(n *lab.Node) Counts {
	var answer struct{ Totals Counts }
	n.Do(http.MethodGet, "/v1/queues", "").Decode(n, &answer)
	return answer.Totals
}

// Settle waits until nothing waits and nothing runs.
func Settle(t testing.TB, n *lab.Node) {
	t.Helper()
	lab.Until(t, "every task has ended", func() bool { return Count(n) == Counts{} })
}

// End waits until every task has ended, and holds the record against the promises.
func End(t testing.TB, n *lab.Node, log *checker.Log, clients []string, expect checker.Expect) {
	t.Helper()
	Settle(t, n)
	Verify(t, n, log, clients, expect)
}

// Verify completes the record with all tasks and all mailboxes, of which nothing may change meanwhile, and holds it
// against the promises.
func Verify(t testing.TB, n *lab.Node, log *checker.Log, clients []string, expect checker.Expect) {
	t.Helper()
	verify(t, n, log, clients, Tasks(t, n), expect)
}

// VerifyTheirs is Verify with the tasks of those clients alone, where others are on the store of whom the record knows
// nothing.
func VerifyTheirs(t testing.TB, n *lab.Node, log *checker.Log, clients []string, expect checker.Expect) {
	t.Helper()
	var theirs []lastcall.Task
	for _, client := range clients {
		theirs = append(theirs, list(t, n, "&client="+client)...)
	}
	verify(t, n, log, clients, theirs, expect)
}

func verify(t testing.TB, n *lab.Node, log *checker.Log, clients []string, tasks []lastcall.Task, expect checker.Expect) {
	t.Helper()
	log.Final(tasks)
	for _, client := range clients {
		readMailbox(t, n, log, client)
	}
	if found := log.Verify(expect); len(found) > 0 {
		t.Errorf("promises were broken:\n%s", checker.Report(found))
	}
}

// Tasks lists all tasks, page by page.
func Tasks(t testing.TB, n *lab.Node) []lastcall.Task {
	t.Helper()
	return list(t, n, "")
}

// list lists the tasks that a filter lets through.
func list(t testing.TB, n *lab.Node, filter string) []lastcall.Task {
	t.Helper()
	var all []lastcall.Task
	for path := "/v1/tasks?limit=200" + filter; ; {
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
		path = "/v1/tasks?limit=200" + filter + "&cursor=" + page.Next
	}
}

// readMailbox reads a client's mailbox from the first event to the last.
func readMailbox(t testing.TB, n *lab.Node, log *checker.Log, client string) {
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
			log.EventSeen(client, conn, Cursor(f), Event(f))
		case f.T == "gap":
			log.Gap(client, conn, lastcall.Gap{Why: lastcall.GapReason(f.Why), From: f.From, To: f.To, Cursor: Cursor(f)})
		case f.T == "live":
			_ = s.Conn.CloseNow()
			return
		}
	}
}

// Event is the event that a frame carries.
func Event(f lab.Frame) lastcall.Event {
	return lastcall.Event{Seq: f.Seq, ID: f.ID, Type: f.Type, Task: f.Task, Run: f.Run, Attempt: f.Attempt, At: f.At, Data: f.Data}
}

// Cursor is a frame's cursor; the checker finds one that is none.
func Cursor(f lab.Frame) lastcall.Cursor {
	c, _ := lastcall.ParseCursor(f.Cursor)
	return c
}
