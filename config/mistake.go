package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A place is where something was written: in a file, in a flag, in a variable. The zero place is nowhere: a default.
type place struct {
	source    string // the file's name, --grace, LASTCALL_GRACE
	line, col int    // in a file, from 1; 0 elsewhere
}

func (p place) String() string {
	if p.line == 0 {
		return p.source
	}
	return fmt.Sprintf("%s:%d:%d", p.source, p.line, p.col)
}

// A mistake is what is wrong at a place, in a sentence.
type mistake struct {
	at   place
	what string
}

func (m mistake) String() string {
	if m.at.source == "" {
		return m.what
	}
	return m.at.String() + ": " + m.what
}

// MistakesError is everything that is wrong with the settings, a line each: those of the file in its order first.
type MistakesError struct{ list []mistake }

func (e *MistakesError) Error() string {
	lines := make([]string, 0, len(e.list)+1)
	if len(e.list) > 1 {
		lines = append(lines, fmt.Sprintf("%d mistakes in the settings", len(e.list)))
	}
	for _, m := range e.list {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

// mistakes gathers them.
type mistakes struct{ list []mistake }

func (m *mistakes) addf(at place, format string, args ...any) {
	m.list = append(m.list, mistake{at, fmt.Sprintf(format, args...)})
}

// err is all of them as an error, nil if there are none.
func (m *mistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	list := slices.Clone(m.list)
	slices.SortStableFunc(list, func(a, b mistake) int { return byFile(a.at, b.at) })
	return &MistakesError{list}
}

// byFile orders places: those in the file first, in its order, and the others as they come.
func byFile(a, b place) int {
	inFile := func(p place) int { return min(p.line, 1) }
	return cmp.Or(cmp.Compare(inFile(b), inFile(a)), cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
}
