package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Store is a lastcall.Store in a SQLite file. All its methods may be called concurrently.
type Store struct {
	path    string // absolute
	log     *slog.Logger
	writer  *writer
	readers *readers

	clock lastcall.ClockWatch

	mu     sync.Mutex
	leases map[string]*os.File // the lock files of the incarnations that joined through this store
	walk   walk                // where the next sweep goes on (retention.go)
}

var _ lastcall.Store = (*Store)(nil)

// Close waits for calls under way, ends every Watch, and closes the file. The incarnations that have not left lose
// their leases without another word, as if the process had died: what they were running is found by whoever sweeps
// next, or by the next start.
func (s *Store) Close() error {
	err := errors.Join(s.readers.close(), s.writer.close())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.leases {
		err = errors.Join(err, f.Close())
	}
	s.leases = nil
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

var _ lastcall.Answerer = (*Store)(nil)

// Answers is lastcall.Answerer: a batch is waited for that is on its way to the disk, or that another process keeps out.
func (s *Store) Answers(ctx context.Context) error {
	select {
	case s.writer.asks <- struct{}{}:
		return nil
	case <-s.writer.stopped: // it has been closed
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the store's writer does not answer: %w", context.Cause(ctx))
	}
}

// write runs fn on the writer's goroutine as part of its next batch and returns when that is committed. Fn may be run
// more than once, each time as if for the first: it must set what it returns through variables anew. Size is about how
// many bytes it writes.
func (s *Store) write(ctx context.Context, verb string, size int, fn func(*tx) error) error {
	if err := s.writer.do(ctx, size, fn); err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

// now is the store's clock: UTC, in the microseconds that the file keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// micros cuts what is finer than the file keeps, so that what is answered now is what is read later.
func micros(d time.Duration) time.Duration { return d.Truncate(time.Microsecond) }
