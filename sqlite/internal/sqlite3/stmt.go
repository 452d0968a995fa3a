package sqlite3

import (
	"time"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// Stmt is a prepared statement. Its arguments are given from left to right, each call filling the next: a misplaced one
// shows up at once, as the last is missing. Errors of giving arguments are kept and returned by the step that follows.
type Stmt struct {
	c    *Conn
	p    uintptr // 0 of one that could not be prepared
	next int32   // arguments given so far
	err  error

	// What is given as text or bytes is copied here and stays until Reset. Memory of Go's own must not be handed to
	// SQLite, which keeps pointers to it between calls.
	arena     uintptr
	size, use int
	large     []uintptr // what did not fit the arena, freed at Reset
}

// arenaSize holds the texts of a usual row. Longer ones get memory of their own.
const arenaSize = 4096

// Int gives the next argument as an integer.
func (s *Stmt) Int(v int64) *Stmt {
	s.next++
	return s.check(lib.Xsqlite3_bind_int64(s.c.tls, s.p, s.next, v))
}

// Bool gives the next argument as 0 or 1.
func (s *Stmt) Bool(v bool) *Stmt {
	if v {
		return s.Int(1)
	}
	return s.Int(0)
}

// Null gives the next argument as NULL.
func (s *Stmt) Null() *Stmt {
	s.next++
	return s.check(lib.Xsqlite3_bind_null(s.c.tls, s.p, s.next))
}

// Text gives the next argument as text.
func (s *Stmt) Text(v string) *Stmt {
	s.next++
	p, ok := keep(s, v)
	if !ok {
		return s
	}
	return s.check(lib.Xsqlite3_bind_text(s.c.tls, s.p, s.next, p, int32(len(v)), 0))
}

// TextOrNull is Text, with "" as NULL.
func (s *Stmt) TextOrNull(v string) *Stmt {
	if v == "" {
		return s.Null()
	}
	return s.Text(v)
}

// Bytes gives the next argument as a blob; nil is NULL.
func (s *Stmt) Bytes(v []byte) *Stmt {
	if v == nil {
		return s.Null()
	}
	s.next++
	p, ok := keep(s, v)
	if !ok {
		return s
	}
	return s.check(lib.Xsqlite3_bind_blob(s.c.tls, s.p, s.next, p, int32(len(v)), 0))
}

// Time gives the next argument as microseconds since 1970.
func (s *Stmt) Time(t time.Time) *Stmt { return s.Int(t.UnixMicro()) }

// TimeOrNull is Time, with nil as NULL.
func (s *Stmt) TimeOrNull(t *time.Time) *Stmt {
	if t == nil {
		return s.Null()
	}
	return s.Time(*t)
}

// Step goes to the next row and reports whether there is one.
func (s *Stmt) Step() (row bool, err error) {
	if s.err != nil {
		return false, s.err
	}
	switch rc := lib.Xsqlite3_step(s.c.tls, s.p); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.error(rc)
	}
}

// Run takes all the steps that there are, and resets.
func (s *Stmt) Run() error {
	for {
		row, err := s.Step()
		if !row || err != nil {
			s.Reset()
			return err
		}
	}
}

// Reset makes the statement ready for new arguments. A statement that is not at its end must be reset, as it keeps its
// snapshot of the database.
func (s *Stmt) Reset() {
	if s.p == 0 {
		return
	}
	lib.Xsqlite3_reset(s.c.tls, s.p) // returns the failure of the step before, which is known
	s.next, s.use, s.err = 0, 0, nil
	for _, p := range s.large {
		libc.Xfree(s.c.tls, p)
	}
	s.large = s.large[:0]
}

// Columns are counted from 0; what they return is the caller's.

// ColInt is a column of the current row as an integer; NULL is 0.
func (s *Stmt) ColInt(i int) int64 { return lib.Xsqlite3_column_int64(s.c.tls, s.p, int32(i)) }

// ColBool is whether the column is not 0.
func (s *Stmt) ColBool(i int) bool { return s.ColInt(i) != 0 }

// ColNull is whether the column is NULL.
func (s *Stmt) ColNull(i int) bool {
	return lib.Xsqlite3_column_type(s.c.tls, s.p, int32(i)) == lib.SQLITE_NULL
}

// ColText is a column as text; NULL is "".
func (s *Stmt) ColText(i int) string { return string(s.view(i)) }

// ColEqual reports whether the column is that text, without making a copy of it.
func (s *Stmt) ColEqual(i int, text string) bool { return string(s.view(i)) == text }

// ColBytes is a column as bytes; NULL is nil, and an empty blob is not.
func (s *Stmt) ColBytes(i int) []byte {
	v := s.view(i)
	if v == nil && s.ColNull(i) {
		return nil
	}
	return append(make([]byte, 0, len(v)), v...)
}

// ColCopy copies a column into dst, as far as it fits.
func (s *Stmt) ColCopy(i int, dst []byte) { copy(dst, s.view(i)) }

// ColLen is the length of a column in bytes.
func (s *Stmt) ColLen(i int) int { return int(lib.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))) }

// ColTime is a column of microseconds as a time in UTC.
func (s *Stmt) ColTime(i int) time.Time { return time.UnixMicro(s.ColInt(i)).UTC() }

// ColTimePtr is ColTime, with NULL as nil.
func (s *Stmt) ColTimePtr(i int) *time.Time {
	if s.ColNull(i) {
		return nil
	}
	t := s.ColTime(i)
	return &t
}

// view is a column's bytes in SQLite's own memory, valid until the next step.
func (s *Stmt) view(i int) []byte {
	p := lib.Xsqlite3_column_blob(s.c.tls, s.p, int32(i))
	n := lib.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))
	if p == 0 {
		return nil
	}
	return view(p, int(n))
}

// keep copies v to where SQLite may point at it until Reset.
func keep[T string | []byte](s *Stmt, v T) (p uintptr, ok bool) {
	if s.arena == 0 {
		if s.arena = libc.Xmalloc(s.c.tls, arenaSize); s.arena == 0 {
			s.err = &Error{Code: lib.SQLITE_NOMEM, Msg: "out of memory"}
			return 0, false
		}
		s.size = arenaSize
	}
	if len(v) <= s.size-s.use {
		p = s.arena + uintptr(s.use)
		s.use += len(v)
	} else {
		if p = libc.Xmalloc(s.c.tls, types.Size_t(len(v))); p == 0 {
			s.err = &Error{Code: lib.SQLITE_NOMEM, Msg: "out of memory"}
			return 0, false
		}
		s.large = append(s.large, p)
	}
	copy(view(p, len(v)), v)
	return p, true
}

func (s *Stmt) check(rc int32) *Stmt {
	if rc != lib.SQLITE_OK && s.err == nil { // the first one is the cause
		s.err = s.c.error(rc)
	}
	return s
}

func (s *Stmt) finalize() {
	s.Reset()
	lib.Xsqlite3_finalize(s.c.tls, s.p)
	if s.arena != 0 {
		libc.Xfree(s.c.tls, s.arena)
	}
}
