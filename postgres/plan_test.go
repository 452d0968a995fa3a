package postgres

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Plans are made once, for numbers that are not known then. A claim and the sweeps must go by the rows that they have
// picked, however many wait: to join them with an index that is read from end to end is the same for a thousand tasks and
// takes seconds for a million.
func TestPlansGoByWhatWasPickedHoweverMuchWaits(t *testing.T) {
	r := newRig(t, "plans")
	r.exec(`INSERT INTO lastcall.tasks (id, created_at, run_at, order_key, max_attempts, status, type, queue, client)
		SELECT gen_random_uuid(), now() AS created, now() AS due, n, 5, n % 2, 'a', 'default', 'c' FROM generate_series(1, 50000) n`)
	r.exec("ANALYZE lastcall.tasks")
	joined := regexp.MustCompile(`(Hash|Merge) Cond: .*\b(id|task)\b`)
	for name, args := range map[string][]any{
		"claim_start": {"i", "n", []string{"a"}, []string{"default"}, []bool{false}, []int32{500}},
		"lease_start": {
			[]string{"a"}, []string{"default"}, []bool{false}, []int32{500}, []float64{60}, []string{"h"}, "n", 30.0, int64(1),
		},
		"runs_of":      {"i"},
		"due":          {500},
		"leases_stale": {500},
		"lines_look":   {"i", []string{"a"}, []string{""}, []int32{500}, 0, []string{}, claimQueues},
	} {
		plan := r.plan(name, args)
		if joined.MatchString(plan) || strings.Contains(plan, "Seq Scan on tasks") {
			t.Errorf("%s is planned as\n%s", name, plan)
		}
	}
}

// Statistics that were taken while nothing waited make the line look empty, and so as cheap to read as nothing. What was
// picked is found by its id all the same: the line is read once, to pick from it.
func TestAClaimReadsTheLineOnceThoughStatisticsSayThatItIsEmpty(t *testing.T) {
	r := newRig(t, "stale")
	r.exec(`INSERT INTO lastcall.tasks (id, created_at, run_at, order_key, max_attempts, status, type, queue, client)
		SELECT gen_random_uuid(), now() AS created, now() AS due, n, 5, 3, 'a', 'default', 'c' FROM generate_series(1, 20000) n`)
	r.exec("ANALYZE lastcall.tasks")
	for name, args := range map[string][]any{
		"claim_start": {"i", "n", []string{"a"}, []string{"default"}, []bool{false}, []int32{500}},
		"lease_start": {
			[]string{"a"}, []string{"default"}, []bool{false}, []int32{500}, []float64{60}, []string{"h"}, "n", 30.0, int64(1),
		},
	} {
		plan := r.plan(name, args)
		if n := strings.Count(plan, "tasks_ready"); n != 1 || !strings.Contains(plan, " tasks_pk ") {
			t.Errorf("%s reads the line %d times:\n%s", name, n, plan)
		}
	}
}

// plan is how a session of the store's would run a statement.
func (r *rig) plan(name string, args []any) (plan string) {
	r.Helper()
	r.must(r.store.withConn(r.Context(), readTimeout, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, "EXPLAIN "+r.store.sql[name], args...)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = strings.Join(lines, "\n")
		return err
	}))
	return plan
}
