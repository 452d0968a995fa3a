package lastcall_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

func TestWhatIsNoCursorIsRefused(t *testing.T) {
	for _, s := range []string{
		"", ":", "E", "E:", ":1", "E:x", "E:-1", "E:+1", "E:01", "E: 1", "E:1 ", "E:1.0", "E:1e3", "E:9223372036854775808", "E:1:2", "E\x00:1",
		"E\xff:1", "E\n:1", strings.Repeat("E", 65) + ":1",
	} {
		if c, err := lastcall.ParseCursor(s); err == nil {
			t.Errorf("%q was read as %+v", s, c)
		}
	}
	for s, want := range map[string]lastcall.Cursor{
		"E:0": {Epoch: "E"}, "EPOCH:41": {Epoch: "EPOCH", Seq: 41}, "日本:9223372036854775807": {Epoch: "日本", Seq: 1<<63 - 1},
	} {
		if got, err := lastcall.ParseCursor(s); err != nil || got != want {
			t.Errorf("%q was read as %+v, %v", s, got, err)
		}
	}
}

// What is read is written again as it was, and what is written can be read: clients send cursors back as they are.
func FuzzParseCursor(f *testing.F) {
	for _, s := range []string{"EPOCH:41", "E:0", "E:01", ":1", "E:9223372036854775807", "日本:1", "a:b:1", "E:-1", "\x00:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := lastcall.ParseCursor(s)
		if err != nil {
			return
		}
		if c.Epoch == "" || c.Seq < 0 || c.String() != s {
			t.Errorf("%q was read as %+v, which is written %q", s, c, c)
		}
	})
}

func TestEpochsAreTheirOwnAndFitACursor(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		e := lastcall.NewEpoch()
		if seen[e] {
			t.Fatalf("the epoch %s was minted twice", e)
		}
		seen[e] = true
		c := lastcall.Cursor{Epoch: e, Seq: 7}
		if got, err := lastcall.ParseCursor(c.String()); err != nil || got != c {
			t.Fatalf("%s was read as %+v, %v", c, got, err)
		}
	}
}

// G5: whatever a client comes back with, it goes on where nothing is missing, or it is told what is.
func TestAClientResumesWhereItWasOrIsToldOfTheGap(t *testing.T) {
	gap := func(why lastcall.GapReason, from, to, at int64) *lastcall.Gap {
		return &lastcall.Gap{Why: why, From: from, To: to, Cursor: lastcall.Cursor{Epoch: "E", Seq: at}}
	}
	kept := lastcall.Mailbox{Epoch: "E", Oldest: 11, Head: 20}
	all := lastcall.Mailbox{Epoch: "E", Oldest: 1, Head: 20}
	none := lastcall.Mailbox{Epoch: "E", Oldest: 21, Head: 20}
	empty := lastcall.Mailbox{Epoch: "E", Oldest: 1}
	for name, c := range map[string]struct {
		box  lastcall.Mailbox
		from string
		at   int64
		gap  *lastcall.Gap
	}{
		"at the head":                            {kept, "E:20", 20, nil},
		"within what is kept":                    {kept, "E:15", 15, nil},
		"right before the oldest":                {kept, "E:10", 10, nil},
		"one event is gone":                      {kept, "E:9", 10, gap(lastcall.GapExpired, 10, 10, 10)},
		"many are gone":                          {kept, "E:0", 10, gap(lastcall.GapExpired, 1, 10, 10)},
		"all are gone":                           {none, "E:5", 20, gap(lastcall.GapExpired, 6, 20, 20)},
		"all are gone, but it knows them":        {none, "E:20", 20, nil},
		"from the beginning":                     {all, "E:0", 0, nil},
		"past the head":                          {kept, "E:21", 20, gap(lastcall.GapAhead, 0, 0, 20)},
		"past the head of nothing":               {empty, "E:1", 0, gap(lastcall.GapAhead, 0, 0, 0)},
		"of another life: all that is kept":      {kept, "OLD:15", 10, gap(lastcall.GapEpoch, 0, 0, 10)},
		"of another life, far ahead":             {all, "OLD:99", 0, gap(lastcall.GapEpoch, 0, 0, 0)},
		"of another life, and nothing was since": {empty, "OLD:5", 0, gap(lastcall.GapEpoch, 0, 0, 0)},
		"of nothing":                             {empty, "E:0", 0, nil},
	} {
		from, err := lastcall.ParseCursor(c.from)
		if err != nil {
			t.Fatal(err)
		}
		at, got := c.box.Resume(from)
		if at != (lastcall.Cursor{Epoch: "E", Seq: c.at}) {
			t.Errorf("%s: goes on at %s, want E:%d", name, at, c.at)
		}
		if diff := cmp.Diff(c.gap, got); diff != "" {
			t.Errorf("%s: the gap (-want +got):\n%s", name, diff)
		}
	}
}

// From any cursor, the gap and what follows it make up all that the client has not seen.
func FuzzResumeLeavesNothingOut(f *testing.F) {
	f.Add(int64(11), int64(20), int64(5), true)
	f.Add(int64(1), int64(0), int64(0), false)
	f.Fuzz(func(t *testing.T, oldest, head, seq int64, same bool) {
		if oldest < 1 || head < 0 || head == 1<<63-1 || oldest > head+1 || seq < 0 {
			return // no mailbox is like that
		}
		from := lastcall.Cursor{Epoch: "E", Seq: seq}
		if !same {
			from.Epoch = "OLD"
		}
		box := lastcall.Mailbox{Epoch: "E", Oldest: oldest, Head: head}
		at, gap := box.Resume(from)
		switch {
		case at.Epoch != "E" || at.Seq < oldest-1 || at.Seq > head:
			t.Errorf("%s goes on at %s, outside of %+v", from, at, box)
		case gap == nil && at != from:
			t.Errorf("%s goes on at %s, and nobody says why", from, at)
		case gap != nil && gap.Cursor != at:
			t.Errorf("%s goes on at %s, and the gap says %s", from, at, gap.Cursor)
		case gap != nil && gap.Why == lastcall.GapExpired && (gap.From != seq+1 || gap.To != at.Seq || gap.To < gap.From):
			t.Errorf("%s goes on at %s after a gap from %d to %d", from, at, gap.From, gap.To)
		case gap != nil && gap.Why == lastcall.GapEpoch && at.Seq != oldest-1:
			t.Errorf("a client of another life goes on at %s, want all of %+v", at, box)
		}
	})
}

func TestAClientWithoutACursorBeginsBehindWhatItAcknowledged(t *testing.T) {
	for want, box := range map[int64]lastcall.Mailbox{
		0: {Epoch: "E", Oldest: 1}, 7: {Epoch: "E", Oldest: 1, Head: 9, Acked: 7}, 10: {Epoch: "E", Oldest: 11, Head: 20},
		5: {Epoch: "E", Oldest: 11, Head: 20, Acked: 5}, // and Resume tells it of the gap
	} {
		if got := box.Start(); got != (lastcall.Cursor{Epoch: "E", Seq: want}) {
			t.Errorf("%+v starts at %s, want E:%d", box, got, want)
		}
	}
}

func TestAnEventHasTheNamesOfTheWire(t *testing.T) {
	ev := lastcall.Event{
		Seq: 57, ID: "ID", Type: lastcall.TaskSucceeded, Task: "T", Run: 1, Attempt: 2, At: noon,
		Data: json.RawMessage(`{"output":1}`),
	}
	wantJSON(t, ev, `{"seq":57,"id":"ID","type":"task.succeeded","task":"T","run":1,"attempt":2,"at":"2026-01-02T12:00:00Z","data":{"output":1}}`)
	state := lastcall.State{Task: "T", Type: lastcall.TaskProgress, Run: 1, Data: json.RawMessage(`{"percent":1}`)}
	wantJSON(t, state, `{"task":"T","type":"task.progress","run":1,"data":{"percent":1}}`)
}

func TestTheLastWordOnATaskIsTerminal(t *testing.T) {
	for _, s := range lastcall.Statuses() {
		if typ := lastcall.EventType("task." + s); typ.Terminal() != s.Done() {
			t.Errorf("%s is terminal: %v, its status: %v", typ, typ.Terminal(), s.Done())
		}
	}
	for _, typ := range []lastcall.EventType{
		lastcall.TaskRetrying, lastcall.TaskInterrupted, lastcall.TaskQueued, lastcall.TaskStarted, lastcall.TaskProgress, "",
	} {
		if typ.Terminal() {
			t.Error(fmt.Sprint(typ, " is terminal"))
		}
	}
}
