package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pg.Main(m)) }

// count reads the rows of a table that a test has made.
func count(t *testing.T, url string) (n int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	c := must(t, url)
	if c == nil {
		return 0, context.DeadlineExceeded
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	err = c.QueryRow(ctx, "SELECT count(*) FROM kept").Scan(&n)
	return n, err
}

// must connects within a moment, or not at all.
func must(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil
	}
	return c
}

func TestAServerThatIsStoppedHardHasWhatWasCommittedWhenItIsStartedAgain(t *testing.T) {
	s := pg.Start(t)
	url := s.Create(t, "here")
	s.Exec(t, "here", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
	s.Stop(t, pg.Immediate)
	if _, err := count(t, url); err == nil {
		t.Fatal("the server still answers")
	}
	s.Start(t)
	if n, err := count(t, url); n != 1 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
}

func TestAFrozenServerAnswersNobodyUntilItGoesOn(t *testing.T) {
	s := pg.Start(t, pg.Password("s3cret"))
	url := s.Create(t, "here")
	s.Exec(t, "here", "CREATE TABLE kept (n int)")
	s.Pause(t)
	if _, err := count(t, url); err == nil {
		t.Fatal("the server still answers")
	}
	s.Continue(t)
	if _, err := count(t, url); err != nil {
		t.Fatal(err)
	}
}

func TestAPoolerLendsTheServersConnections(t *testing.T) {
	s := pg.Shared(t)
	s.Create(t, "pooled")
	s.Exec(t, "pooled", "CREATE TABLE kept (n int)")
	if _, err := count(t, pg.StartPooler(t, s).URL("pooled")); err != nil {
		t.Fatal(err)
	}
}
