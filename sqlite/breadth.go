package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
)

// In the making.

func (s *Store) Forget(ctx context.Context, id string) error { return lastcall.Errorf(lastcall.CodeInternal, "not yet") }

func (s *Store) PauseQueue(ctx context.Context, queue string, paused bool) (lastcall.Queue, error) {
	return lastcall.Queue{}, lastcall.Errorf(lastcall.CodeInternal, "not yet")
}

func (s *Store) Log(ctx context.Context, id string) ([]byte, error) {
	return nil, lastcall.Errorf(lastcall.CodeInternal, "not yet")
}

func (s *Store) TaskEvents(ctx context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	return lastcall.Mailbox{}, nil, lastcall.Errorf(lastcall.CodeInternal, "not yet")
}
