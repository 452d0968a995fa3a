package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
)

// Watch calls fn with what has moved, from the goroutine that calls Watch. The writer only puts hints down for it.
func (s *Store) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	return s.writer.watchers.Watch(ctx, fn)
}
