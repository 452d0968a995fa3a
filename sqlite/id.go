package sqlite

import (
	"bufio"
	"crypto/rand"

	"github.com/google/uuid"
)

// taskID is a task's or an event's id as it is stored.
type taskID = uuid.UUID

// minter makes UUIDv7s, which sort by the time at which they were made. It belongs to the writer's goroutine, which
// makes ids in the order in which it writes.
type minter struct{ random *bufio.Reader }

func newMinter() *minter { return &minter{random: bufio.NewReader(rand.Reader)} }

func (m *minter) next() taskID {
	// The error is the reader's, and crypto/rand never returns one: it ends the program instead.
	return uuid.Must(uuid.NewV7FromReader(m.random))
}
