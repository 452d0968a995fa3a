package postgres

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// array is a column of values, sent as one parameter, without reflection on what it holds.
type array[T any] = pgtype.FlatArray[T]

// text is s as a parameter, NULL if it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// jsonText is JSON as a parameter of type text, NULL if there is none.
func jsonText(b []byte) *string { return text(string(b)) }

// storable reports whether a text column takes s, and so whether anything of that name can be there.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// utc makes a time that was read one as package lastcall wants it.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// micros cuts what is finer than the database keeps, so that what is answered now is what is read later.
func micros(d time.Duration) time.Duration { return d.Truncate(time.Microsecond) }
