package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/lastcall-dev/lastcall"
)

// The numbers that stand in the database for names are places in these lists. They may be added to, never reordered.
var (
	statuses = []lastcall.Status{
		lastcall.Scheduled, lastcall.Queued, lastcall.Running,
		lastcall.Succeeded, lastcall.Failed, lastcall.Canceled, lastcall.Expired,
	}
	eventTypes = []lastcall.EventType{
		lastcall.TaskSucceeded, lastcall.TaskFailed, lastcall.TaskCanceled,
		lastcall.TaskExpired, lastcall.TaskRetrying, lastcall.TaskInterrupted,
	}
)

// number is a name's place in its list; one that is not there is -1, which no table takes.
func number[T comparable](list []T, name T) int16 { return int16(slices.Index(list, name)) }

// named is the name at a place of a list.
func named[T any](list []T, n int16) (name T, err error) {
	if n < 0 || int(n) >= len(list) {
		return name, fmt.Errorf("the database says %d where %T goes up to %d", n, name, len(list)-1)
	}
	return list[n], nil
}

// encodeJSON is v as text, nil for what is nothing.
func encodeJSON[T any](v T, nothing bool) ([]byte, error) {
	if nothing {
		return nil, nil
	}
	return json.Marshal(v)
}

// decodeJSON reads what encodeJSON has written.
func decodeJSON[T any](text []byte, v *T) error {
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, v)
}

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
