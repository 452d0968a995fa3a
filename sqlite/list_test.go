package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// A page looks at a bounded number of rows; following Next still finds everything.
func TestAPageOfFewAmongManyIsBounded(t *testing.T) {
	s := testStore(t)
	want := submitOne(t, s, oneOf("needle"))
	haystack(t, s, "ff", 2*pageRows)
	pages, found := 0, 0
	for f := (lastcall.Filter{Type: "needle", Limit: 10}); ; pages++ {
		page, err := s.Tasks(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Tasks {
			if found++; task.ID != want.ID {
				t.Fatalf("found %+v", task)
			}
		}
		if f.Before = page.Next; f.Before == "" {
			break
		}
	}
	if pages < 2 || found != 1 {
		t.Fatalf("found %d on %d pages", found, pages+1)
	}
}

// haystack writes n queued tasks whose ids begin with a byte in hexadecimal, fast.
func haystack(tb testing.TB, s *Store, prefix string, n int) {
	tb.Helper()
	rewrite(tb, s, fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO tasks (id, status, type, queue, client, created_at, run_at, order_key, max_attempts)
		SELECT unhex(printf('%s%%030x', i)), 1, 'hay', 'stack', 'farmer', 0, 0, 0, 1 FROM n`, n, prefix))
}

// A page of long tasks is cut where it would fill the memory, and a batch of long events is, too.
func TestPagesAreBoundedInBytes(t *testing.T) {
	s := testStore(t)
	const tasks = 10
	node := join(t, s, "node")
	long := []byte(`"` + strings.Repeat("x", 1<<20-2) + `"`)
	for range tasks {
		submitOne(t, s, lastcall.Submission{Type: "a", Client: "alice", Input: long})
		task := claimOne(t, s, node, "a")
		o := lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed, Output: long}
		if _, err := s.Settle(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for f := (lastcall.Filter{Limit: 200}); ; {
		page, err := s.Tasks(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Tasks) > 3 {
			t.Fatalf("a page holds %d tasks of 2 MiB", len(page.Tasks))
		}
		seen += len(page.Tasks)
		if f.Before = page.Next; f.Before == "" {
			break
		}
	}
	if seen != tasks {
		t.Fatalf("%d tasks were listed", seen)
	}
	for after := int64(0); after < tasks; {
		box, events, err := s.Events(t.Context(), "alice", after, 1000)
		if err != nil || len(events) == 0 || len(events) > 5 || box.Head != tasks {
			t.Fatalf("%d events of 1 MiB behind %d, %v", len(events), after, err)
		}
		after = events[len(events)-1].Seq
	}
}
