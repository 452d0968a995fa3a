package server

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// seats bounds the connections of a node, so that clients cannot take the descriptors away that the store, the handlers
// and the outgoing connections live on: a server whose clients have all of them can neither commit nor start anything.
//
// Whoever comes when all seats are taken stands: it is still let in, gets one answer, and has to go. So a platform's probe
// is answered by a node that is full, which must not be killed for it, and everybody else is told so. Those who stand are
// few, and the longest standing goes when one more comes: nobody can keep the others out by standing and saying nothing. Each
// stands at least until as many have come after it as may stand; in a flood that comes faster than a node can answer, that
// may be too short for a probe too. To let the longest stand would help it less: the flood would have all the room.
type seats struct {
	most    int // 0: no bound
	log     *slog.Logger
	crowded func() // hears of each that had to go without an answer

	mu       sync.Mutex
	open     int     // all connections
	seated   int     // those of them that have a seat
	standing []*seat // the others, the longest standing first
	told     time.Time
}

const (
	// standingMost is how many stand at a time, beyond the seats.
	standingMost = 64
	// fullAgain is how often at most the log says that all seats are taken.
	fullAgain = time.Minute
)

// at wraps a listener.
func (s *seats) at(ln net.Listener) net.Listener { return &usher{ln, s} }

// count is how many connections there are, and how many there may be; 0: no bound.
func (s *seats) count() (open, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.most
}

// usher is a listener that shows each connection to its seat.
type usher struct {
	net.Listener

	seats *seats
}

// Accept waits for the next connection. What the listener says is passed on: of errors that pass, such as no descriptor
// being free at all, http.Server waits for the end.
func (u *usher) Accept() (net.Conn, error) {
	c, err := u.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return u.seats.take(c), nil
}

// seat is a connection that gives its place back when it is closed.
type seat struct {
	net.Conn

	seats  *seats
	stands bool
	closed atomic.Bool
}

// NetConn is the connection beneath, for whoever has to set its options.
func (c *seat) NetConn() net.Conn { return c.Conn }

// SyscallConn is the connection of the platform, if there is one: sockets wait on it without a buffer of their own.
func (c *seat) SyscallConn() (syscall.RawConn, error) {
	if under, ok := c.Conn.(syscall.Conn); ok {
		return under.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Close closes the connection and frees its place, once.
func (c *seat) Close() error {
	err := c.Conn.Close() // first: its descriptor is free when its place is
	if c.closed.CompareAndSwap(false, true) {
		c.seats.free(c)
	}
	return err
}

// CloseWrite closes one direction, where that can be done: a socket's last words are then not cut off.
func (c *seat) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (s *seats) take(conn net.Conn) *seat {
	c := &seat{Conn: conn, seats: s}
	if longest := s.place(c); longest != nil {
		_ = longest.Close() // answered or not
		s.crowded()
	}
	return c
}

// place notes the connection. If one too many stands now it returns the one that has to go.
func (s *seats) place(c *seat) (longest *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	if s.most == 0 || s.seated < s.most {
		s.seated++
		return nil
	}
	if now := time.Now(); s.told.IsZero() || now.Sub(s.told) >= fullAgain {
		s.told = now
		s.log.Warn("all connections are taken, and who comes is sent away", "max_connections", s.most)
	}
	c.stands = true
	s.standing = append(s.standing, c)
	if len(s.standing) > standingMost {
		return s.standing[0]
	}
	return nil
}

func (s *seats) free(c *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if !c.stands {
		s.seated--
		return
	}
	for i, other := range s.standing {
		if other == c {
			s.standing = append(s.standing[:i], s.standing[i+1:]...)
			return
		}
	}
}
