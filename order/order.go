// Package order is the order of service where tasks wait: which of the tasks at the heads of many lines are to be run next
// (DESIGN's order: by a key that is fixed when a task is queued). A line is the tasks of one type in one queue, and those
// with a crash behind them, the suspects, stand in a line of their own. A store reads the heads of its lines as its
// database does that best; what is taken of them is decided here, for every store alike, without a store or a clock.
package order

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/lastcall-dev/lastcall"
)

// Head is a task at the head of its line, or as near to it as may matter.
type Head struct {
	ID      uuid.UUID
	Key     int64  // the order of service, the smallest first
	Want    int    // its type's place in Wish.Want
	Queue   string // "" where the store does not ask by queue afterwards
	Suspect bool
}

// Wish is what a claim or a lease may take.
type Wish struct {
	Want     []lastcall.Want
	Queues   []string // no others; empty: every queue
	Max      int      // in all
	Suspects int      // among them
	Alone    bool     // a suspect is nobody's company: it goes alone when it comes first, else it waits
}

// Limit is how many of a wanted type may be taken at the most, and so how far to read into each of its lines: they may
// come before those of every other line.
func (w *Wish) Limit(want int) int { return max(min(w.Want[want].Max, w.Max), 0) }

// Sort brings heads into the order of service. Of two with one key the older comes first, as ids grow with time.
func Sort(heads []Head) {
	slices.SortFunc(heads, func(a, b Head) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// Pick takes the first of heads, which Sort has ordered, that all three limits leave room for: those of the types, of the
// suspects, and of all together.
func (w *Wish) Pick(heads []Head) []Head {
	most, suspects := w.Max, w.Suspects
	if w.Alone && len(heads) > 0 {
		if heads[0].Suspect {
			most = min(most, 1)
		} else {
			suspects = 0
		}
	}
	room := make([]int, len(w.Want))
	for i := range w.Want {
		room[i] = w.Want[i].Max
	}
	picked := make([]Head, 0, max(min(len(heads), most), 0))
	for i, h := range heads {
		if len(picked) >= most {
			break
		}
		twice := i > 0 && heads[i-1].ID == h.ID // a type that is wanted twice
		if twice || room[h.Want] <= 0 || (h.Suspect && suspects <= 0) {
			continue
		}
		room[h.Want]--
		if h.Suspect {
			suspects--
		}
		picked = append(picked, h)
	}
	return picked
}
