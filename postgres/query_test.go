package postgres

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/pg"
)

// source is what stands in the package's files of production, one after the other.
func source(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// Each statement is known to the server, for a schema of any name.
func TestEveryStatementIsOneThatTheServerTakes(t *testing.T) {
	s := openAt(t, pg.Shared(t).Create(t, "statements")+"&schema=Another_1")
	defer s.Close()
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for name, sql := range s.sql {
		if name == "schema_versions" || sql == "" { // makes a table, which is there
			continue
		}
		if _, err := conn.Conn().Prepare(t.Context(), name, sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each statement is used, and each that is used is there: a name that is not would be an empty statement.
func TestStatementsThatAreNamedAndStatementsThatAreThereAreTheSame(t *testing.T) {
	text := source(t)
	for name := range queries {
		if !strings.Contains(text, `"`+name+`"`) {
			t.Errorf("nobody uses %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?:sql|queries)\["(\w+)"\]`).FindAllStringSubmatch(text, -1) {
		if queries[m[1]] == "" {
			t.Errorf("there is no %s", m[1])
		}
	}
}
