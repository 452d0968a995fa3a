package worker

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

func twoTypes(a, b int) []lastcall.TaskType {
	return []lastcall.TaskType{{Name: "a", Concurrency: a}, {Name: "b", Concurrency: b}}
}

func brings(s *slots, types ...string) []lastcall.Task {
	tasks := make([]lastcall.Task, len(types))
	for i, typ := range types {
		tasks[i] = lastcall.Task{Type: typ}
		s.take(&tasks[i])
	}
	return tasks
}

func asks(t *testing.T, s *slots, want ...lastcall.Want) request {
	t.Helper()
	r, ok := s.ask()
	if ok != (len(want) > 0) {
		t.Fatalf("ask says %v, want %v", ok, want)
	}
	if d := cmp.Diff(want, r.want); ok && d != "" {
		t.Fatalf("asks for (-want +got):\n%s", d)
	}
	return r
}

func TestAClaimAsksForTheFreeSlotsOfEachTypeAndNoMoreThanTheNodeHas(t *testing.T) {
	s := newSlots(8, twoTypes(2, 20))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 8})
	if r.max != 8 || r.suspects != 1 {
		t.Errorf("max %d suspects %d, want 8 and 1", r.max, r.suspects)
	}
	s.answered(r, brings(&s, "a", "a", "b"))
	s.refresh()
	asks(t, &s, lastcall.Want{Type: "b", Max: 5}) // a is saturated
}

func TestATypeIsAskedAgainOnlyIfItMayHaveMore(t *testing.T) {
	s := newSlots(8, twoTypes(2, 2))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 2})
	tasks := brings(&s, "a", "a", "b")
	s.answered(r, tasks)
	if s.dry() {
		t.Error("dry, though a gave all it was asked for")
	}
	asks(t, &s) // a has no slot, b had no more to give
	s.settled(&tasks[0], false)
	r = asks(t, &s, lastcall.Want{Type: "a", Max: 1})
	s.answered(r, nil)
	if !s.dry() {
		t.Error("not dry, though both gave less than they were asked for")
	}
	if !s.hint("a") || s.dry() {
		t.Error("a hint was ignored")
	}
	asks(t, &s, lastcall.Want{Type: "a", Max: 1})
}

func TestAFullClaimSaysNothingOfTheTypesThatItLeftOut(t *testing.T) {
	s := newSlots(2, twoTypes(2, 2))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 2})
	tasks := brings(&s, "a", "a")
	s.answered(r, tasks)
	asks(t, &s) // the node is full
	s.settled(&tasks[0], false)
	asks(t, &s, lastcall.Want{Type: "a", Max: 1}, lastcall.Want{Type: "b", Max: 1})
}

func TestAHintThatComesWhileAClaimIsUnderWayIsNotLost(t *testing.T) {
	s := newSlots(2, twoTypes(2, 2))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 2})
	s.hint("b")
	s.answered(r, nil)
	asks(t, &s, lastcall.Want{Type: "b", Max: 2})
}

func TestAClaimThatFailedLeavesEverythingToBeAskedFor(t *testing.T) {
	s := newSlots(2, twoTypes(2, 2))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 2})
	s.unanswered(r)
	asks(t, &s, lastcall.Want{Type: "a", Max: 2}, lastcall.Want{Type: "b", Max: 2})
}

func TestWhileASuspectRunsNoOtherIsAskedForAndItsEndIsNewsForAll(t *testing.T) {
	s := newSlots(4, twoTypes(4, 4))
	r := asks(t, &s, lastcall.Want{Type: "a", Max: 4}, lastcall.Want{Type: "b", Max: 4})
	suspect := lastcall.Task{Type: "a", Crashes: 1}
	s.take(&suspect)
	s.answered(r, []lastcall.Task{suspect})
	s.hint("b")
	if r = asks(t, &s, lastcall.Want{Type: "b", Max: 3}); r.suspects != 0 {
		t.Errorf("asks for %d suspects beside one that runs", r.suspects)
	}
	s.answered(r, nil)
	s.settled(&suspect, false)
	if r = asks(t, &s, lastcall.Want{Type: "a", Max: 4}, lastcall.Want{Type: "b", Max: 4}); r.suspects != 1 {
		t.Errorf("asks for %d suspects, want 1", r.suspects)
	}
}

func TestATaskOfAnUnknownTypeTakesAndGivesTheNodesSlot(t *testing.T) {
	s := newSlots(1, twoTypes(1, 1))
	tasks := brings(&s, "c")
	asks(t, &s)
	s.settled(&tasks[0], false)
	asks(t, &s, lastcall.Want{Type: "a", Max: 1}, lastcall.Want{Type: "b", Max: 1})
	if s.hint("c") {
		t.Error("a hint for an unknown type is taken for news")
	}
}

func TestASlotIsFreeWhenItsHandlerReturnsUnlessTooMuchIsUnsettled(t *testing.T) {
	s := newSlots(2, twoTypes(2, 2))
	first := brings(&s, "a", "a")
	if !s.returned(&first[0]) || !s.returned(&first[1]) {
		t.Fatal("a slot is held though little is unsettled")
	}
	second := brings(&s, "a", "a")
	if s.returned(&second[0]) {
		t.Fatal("four are unsettled with two slots, and a fifth may come")
	}
	asks(t, &s)
	s.settled(&first[0], true)
	asks(t, &s) // that slot has been filled again
	s.settled(&second[0], false)
	asks(t, &s, lastcall.Want{Type: "a", Max: 1}, lastcall.Want{Type: "b", Max: 1})
}

func TestASuspectIsASuspectUntilItIsSettled(t *testing.T) {
	s := newSlots(2, twoTypes(2, 2))
	suspect := lastcall.Task{Type: "a", Crashes: 1}
	s.take(&suspect)
	freed := s.returned(&suspect)
	if r, ok := s.ask(); !ok || r.suspects != 0 || r.max != 2 {
		t.Errorf("asks %+v while the outcome of a suspect is on its way", r)
	}
	s.settled(&suspect, freed)
	if r, ok := s.ask(); !ok || r.suspects != 1 {
		t.Errorf("asks %+v once it is settled", r)
	}
}
