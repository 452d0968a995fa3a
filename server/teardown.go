package server

import (
	"errors"
	"fmt"
)

// teardown is what has to be undone, in the order in which it was done. run walks it backwards, once.
type teardown struct {
	steps []step
}

type step struct {
	name string
	undo func() error
}

func (t *teardown) add(name string, undo func() error) {
	t.steps = append(t.steps, step{name, undo})
}

// run undoes everything, last in first out, and joins what went wrong. A second call does nothing.
func (t *teardown) run() error {
	var errs []error
	for len(t.steps) > 0 {
		last := len(t.steps) - 1
		s := t.steps[last]
		t.steps = t.steps[:last]
		if err := s.undo(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}
