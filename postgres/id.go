package postgres

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"hash/fnv"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
)

// taskID is a task's or an event's id as it is stored.
type taskID = uuid.UUID

// minter makes UUIDv7s (RFC 9562, 5.7) by the database's clock: 48 bits of milliseconds, 12 of their fraction (6.2,
// method 3), 54 random ones. Ids of one process only grow, whatever the clock does.
//
// The last byte is a hash of the task's client. Whoever settles a task knows its id and nothing else, and finds by it the
// lane that the client's mailbox is written in (lane.go): here, on another node, or after a restart.
type minter struct {
	mu     sync.Mutex
	last   uint64 // milliseconds and fraction of the last id, 60 bits
	random *bufio.Reader
}

func newMinter() *minter { return &minter{random: bufio.NewReaderSize(rand.Reader, 4096)} }

// next is a new id at a time now, which ends in the given byte.
func (m *minter) next(now time.Time, lane byte) (id taskID) {
	micros := uint64(now.UnixMicro())
	at := micros/1000<<12 | micros%1000*4096/1000
	m.mu.Lock()
	defer m.mu.Unlock()
	at = max(at, m.last+1)
	m.last = at
	// The error is the reader's, and crypto/rand never returns one: it ends the program instead.
	_, _ = io.ReadFull(m.random, id[8:])
	binary.BigEndian.PutUint64(id[:8], at>>12<<16|at&0xfff)
	id[6] |= 0x70             // version 7
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	id[15] = lane
	return id
}

// hashOf is a client's byte in the ids of its tasks.
func hashOf(client string) byte {
	h := fnv.New32a()
	_, _ = h.Write([]byte(client)) // never fails
	s := h.Sum32()
	return byte(s ^ s>>8 ^ s>>16 ^ s>>24)
}

// idArray is ids as one parameter.
func idArray(ids []taskID) array[[16]byte] {
	a := make(array[[16]byte], len(ids))
	for i, id := range ids {
		a[i] = id
	}
	return a
}
