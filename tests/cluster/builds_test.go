package cluster_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G4, G5, G6: three nodes are replaced one after the other by those of the next version, whose first start widens the
// schema, and then by those of this version again, as where a roll-out is taken back. Both versions serve side by side,
// each on the schema of the later one, and nobody notices.
func TestTheNextVersionIsRolledOutAndBackAndNobodyNotices(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	name := databaseName()
	c.store = pg.Shared(t).Create(t, name)
	now, next := lab.BuildPlain(t, "cmd/lastcall"), nextVersion(t)
	c.binary = now
	c.openAll()
	front := c.front()
	fit()
	people := load.Gather(t, load.Plan{}, front.Addr)
	var r restarts
	for _, version := range []string{next, now} {
		c.binary = version
		for i := range c.nodes {
			r.note(t, c.restart(i))
			front.Await(len(c.nodes))
		}
	}
	people.Home()
	record.End(t, c.nodes[0], people.Log, people.Clients, checker.Expect{Attempts: 1})
	if newest := len(steps(t)) + 1; schemaVersion(t, name) != newest {
		t.Errorf("the schema is of version %d, want %d", schemaVersion(t, name), newest)
	}
	t.Logf("%d restarts: %v\n%v", r.number, &r, people)
}

// wider is a migration as the rules for them allow: it adds, and asks nothing of those who do not know it.
const wider = `
ALTER TABLE lastcall.tasks ADD COLUMN later text;
ALTER TABLE lastcall.mailboxes ADD COLUMN later bigint NOT NULL DEFAULT 0;
CREATE TABLE lastcall.later (id bigint PRIMARY KEY);
`

// minimums is the line of package postgres that lists what each migration asks of those who run on it.
var minimums = regexp.MustCompile(`(var minimums = \[\]int\{[\d, ]*)\}`)

// nextVersion builds the command with one migration more.
func nextVersion(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	place, err := filepath.Abs("../../postgres")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	with := func(file, text string) {
		own := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(place, file)] = own
	}
	source, err := os.ReadFile(filepath.Join(place, "schema.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !minimums.Match(source) {
		t.Fatal("the list of migrations is not where it was: the test must follow it")
	}
	with("schema.go", minimums.ReplaceAllString(string(source), "$1, 1}"))
	with(fmt.Sprintf("schema/%04d_wider.sql", len(steps(t))+1), wider)
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return lab.BuildOther(t, "cmd/lastcall", "next", file)
}

// steps are the migrations of this version.
func steps(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../postgres/schema/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return files
}

func schemaVersion(t *testing.T, db string) (version int) {
	t.Helper()
	conn := pg.Shared(t).Connect(t, db)
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT max(version) FROM lastcall.schema_versions").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}
