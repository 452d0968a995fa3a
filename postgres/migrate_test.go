package postgres

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// wider are the migrations of a later version, which adds a column and an index, and needs programs that know minimum.
func wider(minimum int) []step {
	return append(slices.Clone(knownSteps), step{version: len(knownSteps) + 1, minimum: minimum, script: `
		ALTER TABLE lastcall.tasks ADD COLUMN tenant text;
		CREATE INDEX tasks_tenant ON lastcall.tasks (tenant) WHERE tenant IS NOT NULL;`})
}

// one reads a single value.
func one[T any](tb testing.TB, at, sql string, args ...any) (v T) {
	tb.Helper()
	t, err := parseTarget(at)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := t.connect(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context())
	if err := conn.QueryRow(tb.Context(), forSchema(sql, t.schema), args...).Scan(&v); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return v
}

func submitted(tb testing.TB, s *Store) lastcall.Task {
	tb.Helper()
	out, err := s.Submit(tb.Context(), []lastcall.Submission{{
		Type: "a", Queue: "default", Client: "alice", Input: []byte(`{}`), MaxAttempts: 1,
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return out[0].Task
}

// locked is a log that several write to.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestManyNodesThatStartAtOnceMigrateOnce(t *testing.T) {
	at := pg.Shared(t).Create(t, "many") + "&schema=many"
	var starts sync.WaitGroup
	var log locked
	for range 12 {
		starts.Go(func() {
			s, err := Open(t.Context(), at, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	if n := strings.Count(log.String(), "the schema was migrated"); n != 1 {
		t.Errorf("%d nodes say that they migrated:\n%s", n, log.String())
	}
	if n := one[int](t, at, "SELECT count(*) FROM lastcall.schema_versions"); n != len(knownSteps) {
		t.Fatalf("%d versions are written, want %d", n, len(knownSteps))
	}
	if n := one[int](t, at, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'lastcall.events'::regclass"); n != partitionsAhead+2 {
		t.Fatalf("%d tables for the days of events, want %d", n, partitionsAhead+2)
	}
}

// In a roll-out the version before runs beside the version that has widened the schema.
func TestASchemaThatALaterVersionHasWidenedIsServedByTheVersionBefore(t *testing.T) {
	at := pg.Shared(t).Create(t, "wider")
	before := openAt(t, at)
	defer before.Close()
	from, to, err := Migrate(t.Context(), at, Options{steps: wider(1)})
	if from != 1 || to != 2 || err != nil {
		t.Fatalf("migrated from %d to %d: %v", from, to, err)
	}
	later := openAt(t, at)
	defer later.Close()
	for _, s := range []*Store{before, later} { // one that was there, with its prepared statements, and one that starts
		task := submitted(t, s)
		if got, err := s.Task(t.Context(), task.ID); err != nil || got.ID != task.ID {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if from, to, err := Migrate(t.Context(), at, Options{}); from != 2 || to != 2 || err != nil {
		t.Fatalf("the version before migrated from %d to %d: %v", from, to, err)
	}
}

func TestASchemaThatNeedsALaterVersionStopsTheOneBeforeAndSaysSo(t *testing.T) {
	at := pg.Shared(t).Create(t, "later")
	if _, _, err := Migrate(t.Context(), at, Options{steps: wider(2)}); err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func() error{
		"open":         func() error { _, err := Open(t.Context(), at, Options{Logger: quiet()}); return err },
		"open as told": func() error { _, err := Open(t.Context(), at, Options{Logger: quiet(), KeepSchema: true}); return err },
		"migrate":      func() error { _, _, err := Migrate(t.Context(), at, Options{}); return err },
	} {
		err := open()
		if err == nil || !strings.Contains(err.Error(), "is version 2 and needs a lastcall that knows version 2; this one knows versions up to 1") ||
			!strings.Contains(err.Error(), "start a newer lastcall") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAStoreThatKeepsItsSchemaMakesNone(t *testing.T) {
	at := pg.Shared(t).Create(t, "kept")
	_, err := Open(t.Context(), at, Options{Logger: quiet(), KeepSchema: true})
	if err == nil || !strings.Contains(err.Error(), "lastcall migrate") {
		t.Fatalf("opened a database without a schema: %v", err)
	}
	if one[bool](t, at, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'lastcall')") {
		t.Fatal("a schema was made")
	}
}

func TestAMigrationThatFailsLeavesTheVersionBefore(t *testing.T) {
	at := pg.Shared(t).Create(t, "failing")
	broken := append(slices.Clone(knownSteps), step{version: 2, minimum: 1, script: "CREATE TABLE lastcall.half (n int); SELECT 1/0;"})
	if _, to, err := Migrate(t.Context(), at, Options{steps: broken}); err == nil || to != 1 {
		t.Fatalf("migrated to %d: %v", to, err)
	}
	if one[bool](t, at, "SELECT to_regclass('lastcall.half') IS NOT NULL") {
		t.Fatal("half of a migration stayed")
	}
}

// as is the address of another role.
func as(tb testing.TB, at, role string) string {
	tb.Helper()
	u, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func TestARoleThatMayNotChangeTheSchemaServesOneThatIsUpToDate(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "rights")
	if _, _, err := Migrate(t.Context(), at, Options{}); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "rights", `CREATE ROLE modest LOGIN; GRANT USAGE ON SCHEMA lastcall TO modest;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA lastcall TO modest`)
	s := openAt(t, as(t, at, "modest"))
	defer s.Close()
	task := submitted(t, s)
	if _, err := s.Cancel(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(t.Context(), lastcall.Sweep{KeepTasks: 1, KeepEvents: 1}); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "rights", "REVOKE ALL ON SCHEMA lastcall FROM modest")
	if _, err := Open(t.Context(), as(t, at, "modest"), Options{Logger: quiet()}); err == nil || !strings.Contains(err.Error(), "may not") {
		t.Fatalf("a role without rights was let in: %v", err)
	}
}

func TestADatabaseOfAnotherEncodingIsRefusedWithASentence(t *testing.T) {
	server := pg.Shared(t)
	server.Exec(t, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
	_, err := Open(t.Context(), server.URL("latin"), Options{Logger: quiet()})
	if err == nil || !strings.Contains(err.Error(), "encoding is LATIN1") || !strings.Contains(err.Error(), "createdb") {
		t.Fatalf("got %v", err)
	}
}
