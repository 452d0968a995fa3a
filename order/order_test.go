package order

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPick holds what is taken against what stands at the heads of two types' lines.
func TestPick(t *testing.T) {
	a, b := func(n byte) Head { return head(n, 0, false) }, func(n byte) Head { return head(n, 1, false) }
	suspect := func(n byte) Head { return head(n, 0, true) }
	for name, c := range map[string]struct {
		wish  Wish
		heads []Head
		want  []byte
	}{
		"nothing stands there":                      {wish: wish(5, 5, 5), want: nil},
		"the smallest keys, whatever their type":    {wish: wish(2, 5, 5), heads: []Head{b(2), a(3), a(1)}, want: []byte{1, 2}},
		"a full type hides nobody":                  {wish: wish(9, 1, 5), heads: []Head{a(1), a(2), a(3), b(4)}, want: []byte{1, 4}},
		"no room at all":                            {wish: wish(0, 5, 5), heads: []Head{a(1)}, want: nil},
		"less than no room":                         {wish: wish(-1, 5, 5), heads: []Head{a(1)}, want: nil},
		"one suspect among others":                  {wish: wish(9, 9, 9), heads: []Head{suspect(1), suspect(2), a(3)}, want: []byte{1, 3}},
		"alone: a suspect that comes first":         {wish: alone(9), heads: []Head{suspect(1), a(2)}, want: []byte{1}},
		"alone: a suspect behind others waits":      {wish: alone(9), heads: []Head{a(1), suspect(2), a(3)}, want: []byte{1, 3}},
		"alone: nothing is allowed":                 {wish: alone(0), heads: []Head{suspect(1)}, want: nil},
		"a type that is wanted twice is taken once": {wish: wish(9, 5, 5), heads: []Head{a(1), head(1, 1, false), b(2)}, want: []byte{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			Sort(c.heads)
			var got []byte
			for _, h := range c.wish.Pick(c.heads) {
				got = append(got, h.ID[15])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("picked %v, want %v", got, c.want)
			}
		})
	}
}

// Two tasks with one key are served in the order in which they came.
func TestOfTwoWithOneKeyTheOlderComesFirst(t *testing.T) {
	older, younger := head(1, 0, false), head(2, 0, false)
	younger.Key = older.Key
	heads := []Head{younger, older}
	Sort(heads)
	if heads[0] != older {
		t.Error("the younger one stands first")
	}
}

func TestLimitIsTheSmallerOfBothAndNeverBelowNothing(t *testing.T) {
	for _, c := range []struct{ max, of, want int }{{5, 3, 3}, {3, 5, 3}, {-1, 5, 0}, {5, -1, 0}} {
		w := wish(c.max, c.of, 0)
		if got := w.Limit(0); got != c.want {
			t.Errorf("%d in all, %d of the type: Limit = %d, want %d", c.max, c.of, got, c.want)
		}
	}
}

// head is a task whose key and id are n.
func head(n byte, want int, suspect bool) Head {
	return Head{ID: uuid.UUID{15: n}, Key: int64(n), Want: want, Suspect: suspect}
}

// wish is for tasks of two types, with one suspect among them.
func wish(most, a, b int) Wish {
	return Wish{Want: []lastcall.Want{{Type: "a", Max: a}, {Type: "b", Max: b}}, Max: most, Suspects: 1}
}

func alone(most int) Wish {
	w := wish(most, most, most)
	w.Alone = true
	return w
}
