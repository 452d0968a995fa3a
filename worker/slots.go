package worker

import "github.com/lastcall-dev/lastcall"

// slots is the bookkeeping of what may be claimed: how much room there is, for each type and altogether, and for which
// types asking is worth while. It is plain accounting, without clock, lock or goroutine; the Worker's mutex guards it.
//
// A slot is a handler at work. It is free again when the handler has returned, so that the next claim is on its way
// together with the outcome, in one commit of the store. What a store that is away leaves unsettled is bounded all the
// same: behind as many early returns as there are slots, a slot is free only once its run is settled.
type slots struct {
	size     int
	free     int
	early    int // slots that were freed before their run was settled
	suspects int // until settled, one at a time: a task that kills its process is to be found out alone
	names    []string
	types    map[string]*slot
}

// slot is the room of one type. Hopeful means that the store may hold due tasks of the type: true from the start and
// after every hint, poll or full answer, until a claim brought fewer than it asked for.
type slot struct {
	free    int
	hopeful bool
}

// request is what a claim asks for.
type request struct {
	want     []lastcall.Want
	max      int
	suspects int
}

func newSlots(concurrency int, types []lastcall.TaskType) slots {
	s := slots{size: concurrency, free: concurrency, types: make(map[string]*slot, len(types))}
	for i := range types {
		s.names = append(s.names, types[i].Name)
		s.types[types[i].Name] = &slot{free: types[i].Concurrency, hopeful: true}
	}
	return s
}

// ask is the next claim to make: all free slots of the hopeful types. It is false if there is nothing to ask for. Hope
// is given up here, before the claim looks, so that a hint that comes while it is under way is not lost.
func (s *slots) ask() (request, bool) {
	r := request{max: s.free, suspects: max(1-s.suspects, 0)}
	if s.free <= 0 {
		return r, false
	}
	for _, name := range s.names {
		if t := s.types[name]; t.hopeful && t.free > 0 {
			t.hopeful = false
			r.want = append(r.want, lastcall.Want{Type: name, Max: min(t.free, s.free)})
		}
	}
	return r, len(r.want) > 0
}

// answered takes note of what a claim brought, whose tasks have been taken. A type that brought all it was asked for may
// have more, and so may every type if the claim was full altogether.
func (s *slots) answered(r request, tasks []lastcall.Task) {
	got := make(map[string]int, len(r.want))
	for i := range tasks {
		got[tasks[i].Type]++
	}
	for _, w := range r.want {
		if len(tasks) >= r.max || got[w.Type] >= w.Max {
			s.types[w.Type].hopeful = true
		}
	}
}

// unanswered restores the hope of a claim that failed.
func (s *slots) unanswered(r request) {
	for _, w := range r.want {
		s.types[w.Type].hopeful = true
	}
}

// take fills a slot with a task.
func (s *slots) take(t *lastcall.Task) {
	s.free--
	if slot := s.types[t.Type]; slot != nil {
		slot.free--
	}
	if t.Suspect() {
		s.suspects++
	}
}

// returned frees the slot of a task whose handler has returned, and reports whether it did: it does not when too much is
// unsettled. The answer is for settled.
func (s *slots) returned(t *lastcall.Task) bool {
	if s.early == s.size {
		return false
	}
	s.early++
	s.give(t)
	return true
}

// settled frees what a run still holds once nothing is left to say of it. The end of a suspect is news for every type:
// claims have passed over the other suspects meanwhile.
func (s *slots) settled(t *lastcall.Task, freed bool) {
	if freed {
		s.early--
	} else {
		s.give(t)
	}
	if t.Suspect() {
		s.suspects--
		s.refresh()
	}
}

func (s *slots) give(t *lastcall.Task) {
	s.free++
	if slot := s.types[t.Type]; slot != nil {
		slot.free++
	}
}

// hint notes that a type has a new due task, and reports whether that is of interest here.
func (s *slots) hint(name string) bool {
	t := s.types[name]
	if t == nil {
		return false
	}
	t.hopeful = true
	return t.free > 0 && s.free > 0
}

// refresh makes every type hopeful: nothing is known any more.
func (s *slots) refresh() {
	for _, t := range s.types {
		t.hopeful = true
	}
}

// dry reports whether every type was asked for since the last news and had no more to give.
func (s *slots) dry() bool {
	for _, t := range s.types {
		if t.hopeful {
			return false
		}
	}
	return true
}
