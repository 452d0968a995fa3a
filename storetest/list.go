package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func listNewestFirst(f *fixture) {
	all := f.submitMany(15, lastcall.Submission{Type: "a"})
	all = append(all, f.submitOne(lastcall.Submission{Type: "a", Priority: 100}), f.submitOne(lastcall.Submission{Type: "a", Delay: time.Hour}))
	f.node().claim(3, "a")
	slices.Reverse(all)
	f.wantIDs(f.list(lastcall.Filter{}), all...)
	f.wantIDs(f.list(lastcall.Filter{Limit: 4}), all...)
	f.wantIDs(f.list(lastcall.Filter{Limit: 1}), all...)
	for _, t := range f.list(lastcall.Filter{}) {
		f.wantTask(f.task(t.ID), t) // a list shows tasks whole
	}
}

// zoo makes tasks that differ in all that a filter can ask for, newest first.
func (f *fixture) zoo() []lastcall.Task {
	f.Helper()
	n := f.node()
	var all []lastcall.Task
	for i := range 48 {
		s := lastcall.Submission{
			Type: fmt.Sprint("t", i%2), Queue: fmt.Sprint("q", i%3), Client: fmt.Sprint("c", i%4),
			Labels: map[string]string{"even": strconv.FormatBool(i%2 == 0), "of": "zoo"},
		}
		switch i % 5 {
		case 0:
			s.Delay = time.Hour
		case 1:
			delete(s.Labels, "of")
		}
		all = append(all, f.submitOne(s))
	}
	for i, t := range n.claim(20, "t0", "t1") {
		switch i % 4 {
		case 0:
			n.settle(succeed(t, "1"))
		case 1:
			n.settle(failForGood(t, "x"))
		case 2:
			n.settle(release(t))
			f.cancel(t.ID)
		}
	}
	for i := range all {
		all[i] = f.task(all[i].ID)
	}
	slices.Reverse(all)
	return all
}

func listFilters(f *fixture) {
	all := f.zoo()
	for _, filter := range []lastcall.Filter{
		{Status: []lastcall.Status{lastcall.Queued}},
		{Status: []lastcall.Status{lastcall.Running}},
		{Status: []lastcall.Status{lastcall.Scheduled, lastcall.Failed, lastcall.Canceled}},
		{Status: lastcall.Statuses()},
		{Status: []lastcall.Status{lastcall.Expired}},
		{Type: "t1"},
		{Queue: "q2"},
		{Client: "c3"},
		{Labels: map[string]string{"even": "true"}},
		{Labels: map[string]string{"even": "false", "of": "zoo"}},
		{Labels: map[string]string{"even": "zoo"}},
		{Labels: map[string]string{"zoo": "of"}},
		{Type: "t"},
		{Client: "c3", Status: []lastcall.Status{lastcall.Queued, lastcall.Succeeded}},
		{Type: "t0", Queue: "q1", Client: "c0", Labels: map[string]string{"of": "zoo"}, Status: lastcall.Statuses()},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(t lastcall.Task) bool { return !picks(filter, t) })
		for _, limit := range []int{1, 5, 200} {
			filter.Limit = limit
			f.wantIDs(f.list(filter), want...)
		}
	}
}

// picks is what a filter means.
func picks(f lastcall.Filter, t lastcall.Task) bool {
	for k, v := range f.Labels {
		if got, ok := t.Labels[k]; !ok || got != v {
			return false
		}
	}
	return (f.Type == "" || f.Type == t.Type) && (f.Queue == "" || f.Queue == t.Queue) && (f.Client == "" || f.Client == t.Client) &&
		(f.Status == nil || slices.Contains(f.Status, t.Status))
}

// While one reads page after page, tasks are added and ended: what was there when the reading began comes once, and
// what came later does not push anything onto a later page again.
func listWhileItGrows(f *fixture) {
	all := f.submitMany(40, lastcall.Submission{Type: "a", Client: "alice"})
	slices.Reverse(all)
	filter := lastcall.Filter{Client: "alice", Limit: 3}
	var got []lastcall.Task
	for i := 0; ; i++ {
		page, err := f.store.Tasks(f.ctx, filter)
		f.must(err)
		got = append(got, page.Tasks...)
		if page.Next == "" {
			break
		}
		filter.Before = page.Next
		f.submitMany(2, lastcall.Submission{Type: "a", Client: "alice"})
		f.cancel(all[i%len(all)].ID)
	}
	f.wantIDs(got, all...)
}

// Few tasks among many are found, though a page may be shorter than its limit.
func listNeedle(f *fixture) {
	needle := f.submitOne(lastcall.Submission{Type: "needle", Labels: map[string]string{"k": "v"}})
	f.submitMany(1000, lastcall.Submission{Type: "hay"})
	f.submitMany(1000, lastcall.Submission{Type: "hay"})
	f.wantIDs(f.list(lastcall.Filter{Type: "needle"}), needle)
	f.wantIDs(f.list(lastcall.Filter{Labels: map[string]string{"k": "v"}, Limit: 10}), needle)
	f.wantIDs(f.list(lastcall.Filter{Client: "nobody", Limit: 10}))
}

func listMalformedCursor(f *fixture) {
	f.submitMany(3, lastcall.Submission{Type: "a"})
	for _, before := range []string{"x", "'", "\x00", "01900000", "-1", "日本語", "\xff\xff"} {
		_, err := f.store.Tasks(f.ctx, lastcall.Filter{Limit: 10, Before: before})
		f.wantCode(err, lastcall.CodeInvalidRequest)
	}
}
