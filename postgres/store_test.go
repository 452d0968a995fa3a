package postgres

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/storetest"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// The cases of the specification wait, for leases that run out and for the server, more than they work: more of them than
// there are processors go side by side.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(pg.Main(m))
}

// The specification of package storetest, in full.
func TestStore(t *testing.T) {
	url := pg.Shared(t).Create(t, "specification")
	storetest.Run(t, func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		return openAt(tb, url+"&schema="+schemaFor(name))
	})
}
