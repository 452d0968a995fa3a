package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// The numbers that stand in the file for names are places in these lists. They may be added to, never reordered.
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
func number[T comparable](list []T, name T) int64 { return int64(slices.Index(list, name)) }

// named is the name at a place of a list.
func named[T any](list []T, n int64) (name T, err error) {
	if n < 0 || n >= int64(len(list)) {
		return name, fmt.Errorf("the file says %d where %T goes up to %d", n, name, len(list)-1)
	}
	return list[n], nil
}

// encodeJSON is v as text, "" for what is nothing.
func encodeJSON[T any](v T, nothing bool) (string, error) {
	if nothing {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// decodeJSON reads what encodeJSON has written.
func decodeJSON[T any](text string, v *T) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}
