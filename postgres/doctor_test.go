package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// examined are the findings about a database, by their checks.
func examined(t *testing.T, at string) map[string]lastcall.Finding {
	t.Helper()
	all, err := Examine(t.Context(), at, Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]lastcall.Finding{}
	for _, f := range all {
		by[f.Check] = f
		if f.Seen == "" || f.Why == "" || (f.Do == "") != (f.Level == lastcall.LevelOK) {
			t.Errorf("a finding that says too little: %+v", f)
		}
	}
	return by
}

func TestAHealthyDatabaseHasNoFindings(t *testing.T) {
	at := pg.Shared(t).Create(t, "healthy")
	s := openAt(t, at)
	defer s.Close()
	by := examined(t, at)
	if len(by) != len(checks) {
		t.Errorf("%d findings of %d checks", len(by), len(checks))
	}
	for _, f := range by {
		// The other tests of this server may leave long transactions; they are in other databases.
		if f.Level != lastcall.LevelOK {
			t.Errorf("%+v", f)
		}
	}
}

func TestADatabaseWithoutASchemaIsToldAboutAndLeftAlone(t *testing.T) {
	at := pg.Shared(t).Create(t, "bare")
	if f := examined(t, at)["schema"]; f.Level != lastcall.LevelWarn || !strings.Contains(f.Do, "lastcall migrate") {
		t.Errorf("%+v", f)
	}
	if one[bool](t, at, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'lastcall')") {
		t.Error("a look has made a schema")
	}
}

// Each thing that hurts is found, with its level, by what it is called.
func TestWhatHurtsIsFound(t *testing.T) {
	server := pg.Start(t, pg.Set("fsync", "off"), pg.Set("autovacuum", "off"), pg.Set("max_prepared_transactions", "2"),
		pg.Set("max_connections", "18"))
	at := server.Create(t, "hurt")
	s := openAt(t, at)
	defer s.Close()
	tomorrow := nameOfDay(s.today(t).AddDate(0, 0, 1))
	server.Exec(t, "hurt", `DROP INDEX lastcall.tasks_ready; ALTER DATABASE hurt SET synchronous_commit = off;
		DROP TABLE lastcall.`+tomorrow+`;
		INSERT INTO lastcall.events (at, mailbox, seq, run, prev, attempt, type, id, task, data)
		VALUES ('2001-01-01', 1, 1, 1, 0, 1, 0, gen_random_uuid(), '00000000-0000-7000-8000-000000000000', '');
		UPDATE lastcall.rounds SET began = now() - interval '3 days' WHERE job = 'events'`)
	by := examined(t, at)
	for check, want := range map[string]struct{ level, seen string }{
		"durability":           {lastcall.LevelBad, "fsync off, full_page_writes on, synchronous_commit off"},
		"autovacuum":           {lastcall.LevelBad, "off"},
		"indexes":              {lastcall.LevelBad, "tasks_ready"},
		"connections":          {lastcall.LevelWarn, "of 15"},
		"days of events":       {lastcall.LevelWarn, tomorrow},
		"events of other days": {lastcall.LevelWarn, "1 or more"},
		"retention of events":  {lastcall.LevelWarn, "72h0m"},
		"pooler":               {lastcall.LevelOK, "none"},
		"clock":                {lastcall.LevelOK, "apart"},
	} {
		if f := by[check]; f.Level != want.level || !strings.Contains(f.Seen, want.seen) {
			t.Errorf("%s: %+v, want %+v", check, f, want)
		}
	}
}

// today is the day by the database's clock.
func (s *Store) today(t *testing.T) (day time.Time) {
	t.Helper()
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := conn.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&day); err != nil {
		t.Fatal(err)
	}
	return day.UTC()
}

func TestAPoolerIsFoundByTheDoctor(t *testing.T) {
	server := pg.Shared(t)
	s := openAt(t, server.Create(t, "doctored"))
	defer s.Close()
	by := examined(t, pg.StartPooler(t, server).URL("doctored"))
	if f := by["pooler"]; f.Level != lastcall.LevelWarn {
		t.Errorf("%+v", f)
	}
}

func TestARoleThatLacksRightsIsToldWhichOnes(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "lacking")
	s := openAt(t, at)
	defer s.Close()
	server.Exec(t, "lacking", `CREATE ROLE lacking LOGIN; GRANT USAGE ON SCHEMA lastcall TO lacking;
		GRANT SELECT ON ALL TABLES IN SCHEMA lastcall TO lacking`)
	by := examined(t, as(t, at, "lacking"))
	if f := by["rights"]; f.Level != lastcall.LevelBad || !strings.Contains(f.Seen, "read and write tasks") {
		t.Errorf("%+v", f)
	}
	if f := by["rights to make days"]; f.Level != lastcall.LevelBad {
		t.Errorf("%+v", f)
	}
	if f := by["long transactions"]; f.Level != lastcall.LevelWarn {
		t.Errorf("%+v", f)
	}
}
