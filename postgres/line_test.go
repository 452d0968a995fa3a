package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/order"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// rig is a store in a database of its own, and a session beside it that can hold what the store wants.
type rig struct {
	*testing.T
	at    string
	store *Store
	other *pgx.Conn
}

func newRig(t *testing.T, db string) *rig {
	t.Helper()
	server := pg.Shared(t)
	r := &rig{T: t, at: server.Create(t, db)}
	r.store = r.open()
	r.other = server.Connect(t, db)
	t.Cleanup(func() { r.must(r.other.Close(context.WithoutCancel(t.Context()))) })
	return r
}

// open is another node's store, closed with the test.
func (r *rig) open() *Store {
	r.Helper()
	s := openAt(r, r.at)
	r.Cleanup(func() { r.must(s.Close()) })
	return s
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Error(err)
	}
}

// exec runs a statement in the session beside the store.
func (r *rig) exec(sql string, args ...any) {
	r.Helper()
	if _, err := r.other.Exec(r.Context(), sql, args...); err != nil {
		r.Fatalf("%s: %v", sql, err)
	}
}

func (r *rig) submit(client string) lastcall.Task {
	r.Helper()
	out, err := r.store.Submit(r.Context(), []lastcall.Submission{{Type: "a", Client: client}})
	if err != nil {
		r.Fatal(err)
	}
	return out[0].Task
}

func (r *rig) join() string {
	r.Helper()
	incarnation, err := r.store.Join(r.Context(), lastcall.NodeInfo{Name: "n", Lease: 1e12})
	if err != nil {
		r.Fatal(err)
	}
	return incarnation
}

// waits is over when a statement of the store's is kept by a lock.
func (r *rig) waits(like string) {
	r.Helper()
	until(r.T, "a statement waits for a lock: "+like, func() bool {
		return one[bool](r, r.at, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
			AND datname = current_database() AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid())`, like)
	})
}

// begun runs fn in a goroutine; the answer comes when it has returned.
func begun[T any](fn func() T) <-chan T {
	answer := make(chan T, 1)
	go func() { answer <- fn() }() // ends with fn, whose call is bounded
	return answer
}

// A claim that began before its incarnation was declared dead, and would have committed after, takes nothing (G3): the
// sweeper would not have found its run, and nobody would run that task ever again.
func TestNoClaimSlipsInBehindANodeThatIsDeclaredDead_G3(t *testing.T) {
	r := newRig(t, "claim_of_the_dead")
	task, incarnation := r.submit("alice"), r.join()
	r.exec("BEGIN")
	r.exec("SELECT FROM lastcall.nodes WHERE incarnation = $1 FOR UPDATE", incarnation)
	claim := begun(func() error {
		_, err := r.store.Claim(t.Context(), lastcall.Claim{
			Incarnation: incarnation, Max: 1, Want: []lastcall.Want{{Type: "a", Max: 1}},
		})
		return err
	})
	r.waits("FOR KEY SHARE")
	r.exec("UPDATE lastcall.nodes SET state = 2 WHERE incarnation = $1", incarnation)
	r.exec("COMMIT")
	if err := <-claim; lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
		t.Errorf("the claim of a node that was declared dead meanwhile returned %v", err)
	}
	if got, err := r.store.Task(t.Context(), task.ID); err != nil || got.Status != lastcall.Queued {
		t.Errorf("the task is %s (%v)", got.Status, err)
	}
}

// Claims pass over what somebody else is about to take, and wait for nobody.
func TestAClaimPassesOverWhatIsLocked(t *testing.T) {
	r := newRig(t, "claim_past_a_lock")
	first, second, incarnation := r.submit("alice"), r.submit("alice"), r.join()
	r.exec("BEGIN")
	r.exec("SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", first.ID)
	got, err := r.store.Claim(t.Context(), lastcall.Claim{
		Incarnation: incarnation, Max: 1, Want: []lastcall.Want{{Type: "a", Max: 1}},
	})
	r.exec("ROLLBACK")
	if err != nil || len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("beside a lock on %s the claim took %+v (%v)", first.ID, got, err)
	}
}

// A queue is paused after a claim, and a lease, have seen what waits in it and before they start it. Who was told that it is
// paused sees nothing of it start.
func TestNothingOfAPausedQueueStartsThoughAClaimHasSeenItBefore(t *testing.T) {
	r := newRig(t, "paused")
	incarnation := r.join()
	queue := r.submit("alice").Queue
	for name, start := range map[string]starter{
		"claim": func(ctx context.Context, c *pgx.Conn, p *picked) ([]*row, error) {
			return r.store.startRuns(ctx, c, "claim_start", incarnation, "n", p.types, p.queues, p.suspects, p.most)
		},
		"lease": func(ctx context.Context, c *pgx.Conn, p *picked) ([]*row, error) {
			return r.store.startRuns(ctx, c, "lease_start", p.types, p.queues, p.suspects, p.most, array[float64]{60},
				array[string]{"holder"}, "n", 60.0, int64(time.Minute))
		},
	} {
		paused := false
		w := &wish{Wish: order.Wish{Want: []lastcall.Want{{Type: "a", Max: 1}}, Max: 1}}
		rows, err := r.store.take(t.Context(), name, w, func(ctx context.Context, c *pgx.Conn, p *picked) ([]*row, error) {
			if !paused {
				paused = true
				if _, err := r.store.PauseQueue(ctx, queue, true); err != nil {
					return nil, err
				}
			}
			return start(ctx, c, p)
		})
		if err != nil || !paused || len(rows) != 0 {
			t.Errorf("a %s started %d tasks of a paused queue (paused %t): %v", name, len(rows), paused, err)
		}
		if _, err := r.store.PauseQueue(t.Context(), queue, false); err != nil {
			t.Error(err)
		}
	}
}
