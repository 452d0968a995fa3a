package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// Each query is one statement that the schema knows, and somebody asks for it.
func TestQueriesArePreparedAndUsed(t *testing.T) {
	s := testStore(t)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	err = s.read(t.Context(), "test", func(v view) error {
		for name, sql := range queries {
			if _, err := v.conn.Stmt("EXPLAIN " + sql).Step(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if strings.Count(sql, ";") != 1 || !strings.HasSuffix(sql, ";") {
				t.Errorf("%s is more than one statement", name)
			}
			if !strings.Contains(code.String(), `"`+name+`"`) {
				t.Errorf("nobody uses %s", name)
			}
			v.conn.Stmt("EXPLAIN " + sql).Reset()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What a claim, a sweep or a page asks is found through an index and never by going through a whole table or sorting.
func TestQueriesScanNoTable(t *testing.T) {
	// These go through a table on purpose, in portions, or through one that is small.
	small := map[string]bool{
		"task_page": true, "finished_walk": true, "mailboxes_walk": true,
		"queues": true, "queues_unused": true, "nodes": true, "nodes_joined": true, "nodes_forget": true, "nodes_back": true,
	}
	s := testStore(t)
	err := s.read(t.Context(), "test", func(v view) error {
		for name, sql := range queries {
			st := v.conn.Stmt("EXPLAIN QUERY PLAN " + sql)
			err := each(st, func() error {
				step := st.ColText(3)
				scan := strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "SUBQUERY") &&
					!strings.Contains(step, "CONSTANT ROW") && !strings.Contains(step, "(subquery")
				if !small[name] && (scan || strings.Contains(step, "TEMP B-TREE")) {
					t.Errorf("%s: %s", name, step)
				}
				return nil
			})
			if err != nil && sqlite3.KindOf(err) != sqlite3.None {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
