package cluster_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/pg"
)

// databases counts those that tests have had.
var databases atomic.Int64

// database is an empty database of the server that tests share which do it no harm.
func database(t *testing.T) string {
	t.Helper()
	return pg.Shared(t).Create(t, databaseName())
}

func databaseName() string { return fmt.Sprintf("cluster_%d", databases.Add(1)) }
