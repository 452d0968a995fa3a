package checker

import (
	"maps"
	"slices"
)

// submitted checks that what was acknowledged is there (G1), and nothing that nobody asked for.
func (a *audit) submitted() {
	acknowledged := map[string]bool{} // tasks
	for _, s := range a.submits {
		if s.task == nil || acknowledged[s.task.ID] {
			continue
		}
		acknowledged[s.task.ID] = true
		t, ok := a.final[s.task.ID]
		switch {
		case !ok:
			a.broken("G1", "an acknowledged task is lost", s.task.ID, "of %q, last seen as %s", s.Client, show(*s.task))
		case t.Client != s.Client || t.Type != s.task.Type || string(t.Input) != string(s.task.Input):
			a.broken("G1", "an acknowledged task has become another", t.ID, "%s of %q, acknowledged as %s of %q",
				t.Type, t.Client, s.task.Type, s.Client)
		}
	}
	for _, id := range a.twice {
		a.broken("G2", "a task is there twice", id, "in the final list")
	}
	a.unasked(acknowledged)
}

// unasked checks that each client has no more tasks than it may have: those acknowledged, and one for each submit of
// unknown fate whose key, if it had one, was not acknowledged another time.
func (a *audit) unasked(acknowledged map[string]bool) {
	may := map[string]int{} // by client
	keys := map[Submit]bool{}
	for _, s := range a.submits {
		if s.task != nil && s.Key != "" {
			keys[s.Submit] = true
		}
	}
	for _, s := range a.submits {
		if s.task != nil || s.refused != "" || keys[s.Submit] {
			continue
		}
		if s.Key != "" {
			keys[s.Submit] = true
		}
		may[s.Client]++
	}
	extra := map[string][]string{}
	for _, t := range a.tasks() {
		if !acknowledged[t.ID] {
			extra[t.Client] = append(extra[t.Client], t.ID)
		}
	}
	for _, client := range slices.Sorted(maps.Keys(extra)) {
		if tasks := extra[client]; len(tasks) > may[client] {
			a.broken("G10", "tasks are there that nobody was promised", client,
				"%d, where at most %d submits of unknown fate can have made one: %v", len(tasks), may[client], tasks)
		}
	}
}

// keys checks that one key of one client has made one task.
func (a *audit) keys() {
	first := map[Submit]string{}
	for _, s := range a.submits {
		if s.task == nil || s.Key == "" {
			continue
		}
		if id, ok := first[s.Submit]; ok && id != s.task.ID {
			a.broken("G10", "an idempotency key has made two tasks", s.Client, "the key %q made %s and %s", s.Key, id, s.task.ID)
		} else {
			first[s.Submit] = s.task.ID
		}
	}
}
