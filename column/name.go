package column

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// The numbers that stand in a table for names are places in these lists. They may be added to, never reordered.
var (
	Statuses = Names[lastcall.Status]{
		lastcall.Scheduled, lastcall.Queued, lastcall.Running,
		lastcall.Succeeded, lastcall.Failed, lastcall.Canceled, lastcall.Expired,
	}
	EventTypes = Names[lastcall.EventType]{
		lastcall.TaskSucceeded, lastcall.TaskFailed, lastcall.TaskCanceled,
		lastcall.TaskExpired, lastcall.TaskRetrying, lastcall.TaskInterrupted,
	}
)

// Names are names in the order of the numbers that stand for them.
type Names[T ~string] []T

// Number is a name's place; one that is not there is -1, which no table takes.
func (l Names[T]) Number(name T) int { return slices.Index(l, name) }

// At is the name that a number read from a table stands for.
func (l Names[T]) At(n int) (name T, err error) {
	if n < 0 || n >= len(l) {
		return name, fmt.Errorf("a row says %d where %T goes up to %d", n, name, len(l)-1)
	}
	return l[n], nil
}

// EncodeJSON is v as text, nil for what is nothing.
func EncodeJSON[T any](v T, nothing bool) ([]byte, error) {
	if nothing {
		return nil, nil
	}
	return json.Marshal(v)
}

// DecodeJSON reads what EncodeJSON has written.
func DecodeJSON[T any](text []byte, v *T) error {
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, v)
}
