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

// parseID reads an id in its usual form of 36 characters; others that package uuid knows were never given out.
func parseID(s string) (id taskID, ok bool) {
	if len(s) != 36 {
		return id, false
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}
