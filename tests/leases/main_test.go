// Package leases_test runs the workers of examples/, as they stand there, against real nodes: in Python and in shell, with
// real signals to the workers and to the nodes. Nodes come and go, workers come and go, and what was submitted is done,
// once (G2, G3, G4, G9).
package leases_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4) // the tests wait more than they work, and each has processes of its own
	lab.Main(pg.Main(m))
}

// stores are where the tests have their data: each makes an address that nodes of a test share.
var stores = map[string]func(testing.TB) string{
	"SQLite": lab.Data,
	"PostgreSQL": func(tb testing.TB) string {
		tb.Helper()
		return pg.Shared(tb).Create(tb, "leases_"+strings.ToLower(rand.Text()))
	},
}

// ground is what a test stands on: the address of a store of its own.
type ground struct {
	*testing.T
	store string
}

// onEachStore runs a test on every kind of store.
func onEachStore(t *testing.T, test func(t ground)) {
	t.Helper()
	t.Parallel()
	for name, address := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(ground{t, address(t)})
		})
	}
}

// start starts a node that holds the workers' types for them, with short drains.
func start(t *testing.T, store string, flags ...string) *lab.Node {
	t.Helper()
	return lab.Start(t, store, append([]string{
		"--config", "testdata/workers.yaml",
		"--drain-announce-min", "1200ms", "--drain-announce-quiet", "200ms", "--drain-announce-max", "3s",
	}, flags...)...)
}
