package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// How what a store shows is held against the model.

// agree compares a task that the store has shown with the model's, and takes the store's word for the time of this step.
func (m *model) agree(got lastcall.Task) error {
	want := m.tasks[got.ID]
	if want == nil {
		return fmt.Errorf("task %s is not known", got.ID)
	}
	var now time.Time
	for _, p := range []struct{ got, want *time.Time }{
		{&got.CreatedAt, &want.CreatedAt},
		{&got.RunAt, &want.RunAt},
		{got.StartedAt, want.StartedAt},
		{got.FinishedAt, want.FinishedAt},
		{got.ExpiresAt, want.ExpiresAt},
		{got.CancelRequestedAt, want.CancelRequestedAt},
	} {
		if p.got == nil || p.want == nil || p.want.Before(m.step.Add(-stepLength/2)) {
			continue // not of this step: compared below
		}
		at := p.got.Add(-p.want.Sub(m.step))
		if now.IsZero() {
			now = at
		}
		if !at.Equal(now) {
			return fmt.Errorf("task %s: one step happened at %v and at %v", got.ID, now, at)
		}
		*p.want = *p.got
	}
	if now.After(m.clock) {
		m.clock = now
	}
	if got.Progress != nil && want.Progress != nil {
		want.Progress.At = got.Progress.At // by whose clock is not said
	}
	if reflect.DeepEqual(*want, got) {
		return nil // as it mostly is; finding out in what they differ takes far longer
	}
	if diff := gocmp.Diff(*want, got, alike); diff != "" {
		return fmt.Errorf("task %s is not as it should be (-want +got):\n%s", got.ID, diff)
	}
	return nil
}

// hear compares what has come to a mailbox since the last look with what must have. The events of one task come in the
// order of what happened to it; between tasks that one step has changed any order will do.
func (m *model) hear(client string, box lastcall.Mailbox, fresh []lastcall.Event) error {
	mine := m.box(client)
	if mine.epoch == "" {
		mine.epoch = box.Epoch
	}
	head := int64(len(mine.events) + len(mine.fresh))
	if want := (lastcall.Mailbox{Client: client, Epoch: mine.epoch, Oldest: 1, Head: head, Acked: mine.acked}); box != want {
		return fmt.Errorf("the mailbox is %+v, want %+v", box, want)
	}
	if len(fresh) != len(mine.fresh) {
		return fmt.Errorf("%q was told %+v, want %+v", client, fresh, mine.fresh)
	}
	for _, got := range fresh {
		i := slices.IndexFunc(mine.fresh, func(e lastcall.Event) bool { return e.Task == got.Task })
		if i < 0 {
			return fmt.Errorf("%q was told %+v, want any of %+v", client, got, mine.fresh)
		}
		if err := m.agreeEvent(got, mine.fresh[i]); err != nil {
			return err
		}
		mine.fresh = slices.Delete(mine.fresh, i, i+1)
		mine.events = append(mine.events, got)
	}
	return nil
}

// agreeEvent compares an event with the one that the rules have made. Its task has agreed before.
func (m *model) agreeEvent(got, want lastcall.Event) error {
	t := m.tasks[want.Task]
	want.Seq, want.ID, want.At = got.Seq, got.ID, got.At
	if want.Type.Terminal() && !got.At.Equal(*t.FinishedAt) {
		return fmt.Errorf("the event %+v is not of the time when its task ended, %v", got, t.FinishedAt)
	}
	if want.Type == lastcall.TaskRetrying {
		want.Data, _ = json.Marshal(map[string]any{"error": t.Error, "run_at": t.RunAt})
	}
	var a, b any
	if json.Unmarshal(got.Data, &a) != nil || json.Unmarshal(want.Data, &b) != nil {
		return fmt.Errorf("the event %+v says %q", got, got.Data)
	}
	got.Data, want.Data = nil, nil
	if diff := gocmp.Diff(want, got, alike) + gocmp.Diff(b, a); diff != "" {
		return fmt.Errorf("the event is not as it should be (-want +got):\n%s", diff)
	}
	return nil
}
