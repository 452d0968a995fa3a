package storetest

import (
	"encoding/json"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lastcall-dev/lastcall"
)

// alike compares what a store gives back: nothing and an empty something are the same, and so are equal times.
var alike = cmp.Options{cmpopts.EquateEmpty()}

// wantTask fails the case unless the two are the same task in the same state.
func (f *fixture) wantTask(got, want lastcall.Task) {
	f.Helper()
	if diff := cmp.Diff(want, got, alike); diff != "" {
		f.Fatalf("the task is not as it should be (-want +got):\n%s", diff)
	}
}

// mailbox reads a client's whole mailbox and fails the case if it is not in order and gapless from its oldest event to
// its head (G5).
func (f *fixture) mailbox(client string) (lastcall.Mailbox, []lastcall.Event) {
	f.Helper()
	const page = 100
	var all []lastcall.Event
	after := int64(0)
	for {
		box, events, err := f.store.Events(f.ctx, client, after, page)
		f.must(err)
		f.wantInOrder(box, events, after)
		all = append(all, events...)
		if len(events) == 0 {
			return box, all
		}
		after = events[len(events)-1].Seq
	}
}

// wantInOrder fails the case unless the events follow each other without a gap, the first one right after the given
// position or at the oldest event that is kept, and none of them is past the head.
func (f *fixture) wantInOrder(box lastcall.Mailbox, events []lastcall.Event, after int64) {
	f.Helper()
	next := max(after+1, box.Oldest)
	for _, e := range events {
		if e.Seq != next {
			f.Fatalf("event %d of %q stands where %d should: %+v", e.Seq, box.Client, next, box)
		}
		next++
	}
	if next-1 > box.Head && len(events) > 0 {
		f.Fatalf("event %d of %q is past the head: %+v", next-1, box.Client, box)
	}
}

// events is the mailbox of a client, without those that have none.
func (f *fixture) events(client string) []lastcall.Event {
	f.Helper()
	if _, _, err := f.store.Events(f.ctx, client, 0, 1); lastcall.CodeOf(err) == lastcall.CodeNotFound {
		return nil
	}
	_, events := f.mailbox(client)
	return events
}

// wantEvents fails the case unless the client was told exactly this of a task, in this order.
func (f *fixture) wantEvents(t lastcall.Task, types ...lastcall.EventType) []lastcall.Event {
	f.Helper()
	var about []lastcall.Event
	var got []lastcall.EventType
	for _, e := range f.events(t.Client) {
		if e.Task == t.ID {
			about, got = append(about, e), append(got, e.Type)
		}
	}
	if !slices.Equal(got, types) {
		f.Fatalf("task %s: the client was told %v, want %v", t.ID, got, types)
	}
	f.wantTaskEvents(t, about)
	return about
}

// wantLast is wantEvents for the data of the last one.
func (f *fixture) wantLast(t lastcall.Task, data string, types ...lastcall.EventType) lastcall.Event {
	f.Helper()
	events := f.wantEvents(t, types...)
	last := events[len(events)-1]
	f.wantJSON(last.Data, data)
	return last
}

// wantJSON compares two JSON texts by what they mean.
func (f *fixture) wantJSON(got json.RawMessage, want string) {
	f.Helper()
	var a, b any
	f.must(json.Unmarshal(got, &a))
	f.must(json.Unmarshal([]byte(want), &b))
	if diff := cmp.Diff(b, a); diff != "" {
		f.Fatalf("got the JSON %.200s, want %.200s", got, want)
	}
}

// list reads all pages of a list.
func (f *fixture) list(filter lastcall.Filter) []lastcall.Task {
	f.Helper()
	var all []lastcall.Task
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	for range 10_000 {
		page, err := f.store.Tasks(f.ctx, filter)
		f.must(err)
		if len(page.Tasks) > filter.Limit {
			f.Fatalf("a page of %d holds %d", filter.Limit, len(page.Tasks))
		}
		all = append(all, page.Tasks...)
		if page.Next == "" {
			return all
		}
		filter.Before = page.Next
	}
	f.Fatal("a list has no end")
	return nil
}

// ids are the tasks' ids, in order.
func ids(tasks []lastcall.Task) []string {
	out := make([]string, len(tasks))
	for i, t := range tasks {
		out[i] = t.ID
	}
	return out
}

// wantIDs fails the case unless these are the tasks, in this order.
func (f *fixture) wantIDs(got []lastcall.Task, want ...lastcall.Task) {
	f.Helper()
	if diff := cmp.Diff(ids(want), ids(got), alike); diff != "" {
		f.Fatalf("not the right tasks in the right order (-want +got):\n%s", diff)
	}
}
