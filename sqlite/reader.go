package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// readerCount is how many reads go on at a time. They are short and bound by the processor, not the disk.
const readerCount = 4

// readers are the connections that read, lent to one call at a time.
type readers struct {
	ground *ground
	idle   chan *sqlite3.Conn // nil: to be opened anew
	closed chan struct{}
}

func newReaders(g *ground) (*readers, error) {
	r := &readers{ground: g, idle: make(chan *sqlite3.Conn, readerCount), closed: make(chan struct{})}
	for range readerCount {
		c, err := g.connect(openReader)
		if err != nil {
			for range readerCount - len(r.idle) {
				r.idle <- nil
			}
			return nil, errors.Join(err, r.close())
		}
		r.idle <- c
	}
	return r, nil
}

// close waits until all connections are back and closes them.
func (r *readers) close() error {
	close(r.closed)
	var err error
	for range readerCount {
		if c := <-r.idle; c != nil {
			err = errors.Join(err, r.ground.leave(c))
		}
	}
	return err
}

// read runs fn in a transaction that sees one snapshot. Ctx ends the wait for a free connection, not the read, which
// looks at a bounded number of rows.
func (s *Store) read(ctx context.Context, verb string, fn func(view) error) error {
	select {
	case c := <-s.readers.idle:
		c, err := s.readers.use(c, fn)
		s.readers.idle <- c
		if err != nil {
			return fmt.Errorf("%s: %w", verb, unavailable(err))
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", verb, context.Cause(ctx))
	case <-s.readers.closed:
		return fmt.Errorf("%s: %w", verb, errClosed())
	}
}

// use runs fn on c and returns c, or nil where it can no longer be used.
func (r *readers) use(c *sqlite3.Conn, fn func(view) error) (*sqlite3.Conn, error) {
	if c == nil {
		var err error
		if c, err = r.ground.connect(openReader); err != nil {
			return nil, err
		}
	}
	v := view{c}
	err := v.stmt("begin").Run()
	if err == nil {
		err = fn(v)
		err = errors.Join(err, v.stmt("commit").Run())
	}
	if k := sqlite3.KindOf(err); k == sqlite3.Broken || k == sqlite3.Damaged || c.InTransaction() {
		err = fmt.Errorf("read %s: %w", r.ground.path, err) // callers see their code, the log has the rest
		return nil, errors.Join(err, r.ground.leave(c))
	}
	return c, err
}

// view is a connection inside a transaction.
type view struct{ conn *sqlite3.Conn }

// stmt is the query of that name, ready for its arguments. There is one of each: who asks for it again while stepping
// through its rows begins anew.
func (v view) stmt(name string) *sqlite3.Stmt { return v.conn.Stmt(queries[name]) }

// each calls fn for every row that st returns, given its arguments, and resets it.
func each(st *sqlite3.Stmt, fn func() error) error {
	defer st.Reset()
	for {
		row, err := st.Step()
		if !row || err != nil {
			return err
		}
		if err := fn(); err != nil {
			return err
		}
	}
}

// errNoTask is the answer about a task that is not there.
func errNoTask() error { return lastcall.Errorf(lastcall.CodeNotFound, "there is no such task") }
