package postgres

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/storetest"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pg.Main(m)) }

// The specification of package storetest, in full.
func TestStore(t *testing.T) {
	url := pg.Shared(t).Create(t, "specification")
	storetest.Run(t, func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		return openAt(tb, url+"&schema="+schemaFor(name))
	})
}
