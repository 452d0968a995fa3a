package sqlite

import (
	"fmt"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// However many queues there are, a claim looks into a bounded number of them, and the next one goes on from there, so
// that every queue has its turn though those before it are never empty.
func TestClaimsTakeTurnsAroundManyQueues(t *testing.T) {
	s := testStore(t)
	const around = 3 // claims
	batch := make([]lastcall.Submission, around*claimQueues)
	for i := range batch {
		batch[i] = lastcall.Submission{Type: "a", Queue: fmt.Sprintf("q%05d", i)}
	}
	if _, err := s.Submit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	node := join(t, s, "node")
	served := map[int]int{}
	for range 4 * around {
		var queue int
		if _, err := fmt.Sscanf(claimOne(t, s, node, "a").Queue, "q%d", &queue); err != nil {
			t.Fatal(err)
		}
		served[queue/claimQueues]++
	}
	for part := range around {
		if served[part] == 0 {
			t.Fatalf("the parts of the queues were served %v times", served)
		}
	}
}

// The tasks of a paused queue stay where they are, and those of others are taken past them.
func TestPausedQueuesAreNotClaimedFrom(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	paused, open := oneOf("a"), oneOf("a")
	paused.Queue, open.Queue = "paused", "open"
	submitOne(t, s, paused)
	want := submitOne(t, s, open)
	rewrite(t, s, "UPDATE queues SET paused = 1 WHERE name = 'paused'")
	if got := claimOne(t, s, node, "a"); got.ID != want.ID {
		t.Fatalf("claimed a task of the queue %s", got.Queue)
	}
	tasks, err := s.Claim(t.Context(), lastcall.Claim{
		Incarnation: node, Max: 5, Want: []lastcall.Want{{Type: "a", Max: 5}},
	})
	if err != nil || len(tasks) != 0 {
		t.Fatalf("claimed %v, %v", tasks, err)
	}
}

// G3: a type that is wanted twice is not claimed twice.
func TestATypeThatIsWantedTwice(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	fill(t, s, "a", 10)
	tasks, err := s.Claim(t.Context(), lastcall.Claim{
		Incarnation: node, Max: 9, Want: []lastcall.Want{{Type: "a", Max: 3}, {Type: "a", Max: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, task := range tasks {
		if seen[task.ID] || task.Run != 1 {
			t.Fatalf("claimed twice: %+v", task)
		}
		seen[task.ID] = true
	}
}
