package postgres

import (
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// The database moves, and for a moment its address leads to a server that takes no writes. What connected there comes
// back by itself once the address leads elsewhere: no connection to that server is kept.
func TestAStoreLeavesAServerThatTakesNoWrites(t *testing.T) {
	for name, attrs := range map[string]string{
		"found out by a write":     "&target_session_attrs=any",
		"found out as it connects": "",
	} {
		t.Run(name, func(t *testing.T) {
			db := "readonly_" + strings.ReplaceAll(name, " ", "_")
			server := pg.Shared(t)
			at := server.Create(t, db)
			s := openAt(t, at+attrs)
			defer s.Close()
			submit := func() error {
				_, err := s.Submit(t.Context(), []lastcall.Submission{{Type: "a", Client: "alice"}})
				return err
			}
			server.Exec(t, "postgres", "ALTER DATABASE "+db+" SET default_transaction_read_only = on")
			server.Exec(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+db+"'")
			refused := 0
			until(t, "writes are refused", func() bool {
				if lastcall.CodeOf(submit()) == lastcall.CodeStoreUnavailable {
					refused++
				}
				return refused == 5
			})
			if _, err := Open(t.Context(), at, Options{Logger: quiet()}); lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable ||
				!strings.Contains(err.Error(), "name the primary") {
				t.Errorf("opening it returned %v", err)
			}
			server.Exec(t, "postgres", "ALTER DATABASE "+db+" RESET default_transaction_read_only")
			until(t, "writes go on", func() bool { return submit() == nil })
		})
	}
}
