package postgres

import (
	"bytes"
	"log/slog"
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
	by := examined(t, at)
	if f := by["schema"]; f.Level != lastcall.LevelWarn || !strings.Contains(f.Do, "lastcall migrate") {
		t.Errorf("%+v", f)
	}
	if f := by["connections"]; f.Level != lastcall.LevelOK { // what needs no tables is looked at all the same
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
		"durability": {
			lastcall.LevelBad, "fsync off (set by the configuration file), full_page_writes on, synchronous_commit off (set by the database)",
		},
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

// A node that could not start is bad, and what is to be done about it does it as it stands.
func TestARoleThatLacksRightsIsToldWhichOnesAndHowToGetThem(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "lacking")
	s := openAt(t, at)
	defer s.Close()
	server.Exec(t, "lacking", "CREATE ROLE lacking LOGIN")
	f := examined(t, as(t, at, "lacking"))["schema"]
	if f.Level != lastcall.LevelBad || !strings.Contains(f.Seen, "the role lacking may not look into schema lastcall") {
		t.Fatalf("%+v", f)
	}
	server.Exec(t, "lacking", `GRANT USAGE ON SCHEMA lastcall TO lacking; GRANT SELECT ON ALL TABLES IN SCHEMA lastcall TO lacking`)
	by := examined(t, as(t, at, "lacking"))
	if f := by["rights"]; f.Level != lastcall.LevelBad || !strings.Contains(f.Seen, "read and write tasks") {
		t.Errorf("%+v", f)
	}
	if f := by["rights to make days"]; f.Level != lastcall.LevelBad || !strings.Contains(f.Seen, "no member of postgres, which owns the tables") {
		t.Errorf("%+v", f)
	}
	if f := by["long transactions"]; f.Level != lastcall.LevelWarn {
		t.Errorf("%+v", f)
	}
	server.Exec(t, "lacking", by["rights"].Do+by["rights to make days"].Do)
	by = examined(t, as(t, at, "lacking"))
	for _, check := range []string{"schema", "rights", "rights to make days"} {
		if f := by[check]; f.Level != lastcall.LevelOK {
			t.Errorf("after what it said to do: %+v", f)
		}
	}
}

func TestARoleThatCouldNotMakeASchemaIsToldSo(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "unmade")
	server.Exec(t, "unmade", "CREATE ROLE unmade LOGIN")
	f := examined(t, as(t, at, "unmade"))["schema"]
	if f.Level != lastcall.LevelBad || !strings.HasPrefix(f.Do, "GRANT CREATE ON DATABASE") {
		t.Fatalf("%+v", f)
	}
	server.Exec(t, "unmade", "CREATE SCHEMA lastcall")
	f = examined(t, as(t, at, "unmade"))["schema"]
	if f.Level != lastcall.LevelBad || !strings.HasPrefix(f.Do, "GRANT USAGE, CREATE ON SCHEMA") {
		t.Fatalf("%+v", f)
	}
	server.Exec(t, "unmade", f.Do)
	if f := examined(t, as(t, at, "unmade"))["schema"]; f.Level != lastcall.LevelWarn {
		t.Fatalf("after what it said to do: %+v", f)
	}
	if _, _, err := Migrate(t.Context(), as(t, at, "unmade"), Options{Logger: quiet()}); err != nil {
		t.Fatal(err)
	}
}

// What is off is said with where, and how to turn it on; the same goes for an index that is gone.
func TestWhatIsToBeDoneCanBePasted(t *testing.T) {
	server := pg.Start(t, pg.Set("autovacuum", "off"), pg.Set("fsync", "off"))
	at := server.Create(t, "pasted")
	s := openAt(t, at)
	defer s.Close()
	server.Exec(t, "pasted", "DROP INDEX lastcall.tasks_ready, lastcall.leases_expires_at; ALTER TABLE lastcall.nodes SET (autovacuum_enabled = off)")
	by := examined(t, at)
	for _, do := range []string{by["durability"].Do, by["autovacuum"].Do, by["indexes"].Do} {
		for one := range strings.SplitSeq(strings.TrimSuffix(do, ";"), ";") {
			server.Exec(t, "pasted", one) // by itself: some of it takes no transaction
		}
	}
	found := examined(t, at)
	for found["autovacuum"].Level == lastcall.LevelBad && strings.Contains(found["autovacuum"].Seen, "configuration") && t.Context().Err() == nil {
		found = examined(t, at) // the server reads its configuration again
	}
	server.Exec(t, "pasted", found["autovacuum"].Do) // a table's own, which showed behind the server's
	found = examined(t, at)
	for _, check := range []string{"durability", "autovacuum", "indexes"} {
		if f := found[check]; f.Level != lastcall.LevelOK {
			t.Errorf("after what it said to do: %+v", f)
		}
	}
}

// G1: what a role or a database has turned off is on for nodes, unless their address says otherwise; what they cannot turn on
// is told when they start.
func TestANodeCommitsSynchronouslyWhateverItsRoleIsSetTo(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "lax")
	server.Exec(t, "lax", "ALTER DATABASE lax SET synchronous_commit = off")
	for address, want := range map[string]struct{ commit, told string }{
		at:                                       {"on", ""},
		with(t, at, "synchronous_commit", "off"): {"off", "synchronous_commit"},
		with(t, at, "synchronous_commit", "local"): {"local", ""},
	} {
		var log bytes.Buffer
		s, err := Open(t.Context(), address, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		var commit string
		err = s.pool.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&commit)
		if err != nil || commit != want.commit {
			t.Errorf("%s: it is %s, %v", address, commit, err)
		}
		told := strings.Contains(log.String(), "(G1); run lastcall doctor") && strings.Contains(log.String(), "off="+want.told)
		if told != (want.told != "") {
			t.Errorf("%s: told %q", address, log.String())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if f := examined(t, at)["durability"]; f.Level != lastcall.LevelWarn || f.Do != `ALTER DATABASE "lax" SET synchronous_commit = on;` {
		t.Errorf("%+v", f)
	}
	if f := examined(t, with(t, at, "synchronous_commit", "off"))["durability"]; f.Level != lastcall.LevelBad {
		t.Errorf("%+v", f)
	}
}

func TestTheLimitsOfARoleAndADatabaseAreLookedAt(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "limits")
	s := openAt(t, at)
	defer s.Close()
	server.Exec(t, "limits", "CREATE ROLE limited SUPERUSER LOGIN CONNECTION LIMIT 5")
	f := examined(t, as(t, at, "limited"))["connections"]
	if f.Level != lastcall.LevelWarn || !strings.HasPrefix(f.Do, `ALTER ROLE "limited" CONNECTION LIMIT 17;`) {
		t.Errorf("%+v", f)
	}
	server.Exec(t, "limits", "ALTER DATABASE limits CONNECTION LIMIT 7")
	f = examined(t, at)["connections"]
	if f.Level != lastcall.LevelWarn || !strings.HasPrefix(f.Do, `ALTER DATABASE "limits" CONNECTION LIMIT 17;`) {
		t.Errorf("%+v", f)
	}
}

func TestTablesOfSomebodyElseAreToldApart(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "foreign")
	server.Exec(t, "foreign", "CREATE SCHEMA lastcall; CREATE TABLE lastcall.tasks (title text)")
	if f := examined(t, at)["schema"]; f.Level != lastcall.LevelBad || !strings.Contains(f.Do, "schema=NAME") {
		t.Errorf("%+v", f)
	}
	if _, _, err := Migrate(t.Context(), at, Options{Logger: quiet()}); err == nil || !strings.Contains(err.Error(), "tables of somebody else's") {
		t.Errorf("migrated: %v", err)
	}
}
