package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lastcall-dev/lastcall"
)

// Store is a lastcall.Store in a PostgreSQL database, for one node of many. All its methods may be called concurrently.
type Store struct {
	where     string // host, port and database, for the log
	schema    string // name of the schema, as it stands in the catalog
	sql       texts
	log       *slog.Logger
	committed func(calls int, took time.Duration)

	pool   *pgxpool.Pool
	asking chan struct{} // holds one for each who has his turn (turn.go)
	pooled bool          // a pooler lends connections for a transaction each (pooler.go)

	mint  *minter
	lanes *lanes        // where writes gather
	next  atomic.Uint64 // which lane the next submit goes to
	turns turns         // which queues the next claim begins with

	unheard unheard // leases that may have been made

	node  string // a name of this store's own among those that notify each other
	hints *hints // to those who watch here, and to the other nodes
	wg    sync.WaitGroup
	once  sync.Once
	life  context.Context //nolint:containedctx // of the store itself: it ends with Close
	end   context.CancelCauseFunc

	clock lastcall.ClockWatch

	mu     sync.Mutex
	tended time.Time // when this node last looked after the days (partition.go)
}

// Close waits for calls under way, ends every Watch, and closes the connections. The incarnations that have not left
// keep their leases until these run out.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.end(errClosed())
		s.hints.Close()
		s.wg.Wait()
		s.pool.Close()
	})
	return nil
}

// spawn runs fn in a goroutine of the store's; ctx ends with Close, which waits for it.
func (s *Store) spawn(fn func(ctx context.Context)) {
	s.wg.Go(func() { fn(s.life) })
}

// closed reports whether Close was called.
func (s *Store) closed() bool { return s.life.Err() != nil }

// errClosed is the answer after Close.
func errClosed() error {
	return lastcall.Errorf(lastcall.CodeStoreUnavailable, "the store is closed")
}

// wrap says which verb failed, and what that means to whoever called.
func wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", verb, explain(err))
}
