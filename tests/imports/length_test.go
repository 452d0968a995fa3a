package imports_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

// spine is what a newcomer reads first, in this order, to know how the whole works.
var spine = []string{
	"doc.go",
	"task.go",
	"store.go",
	"storetest/cases.go",
	"drain/phase.go",
	"server/server.go",
}

// spineLimit is how many lines fit into one sitting.
const spineLimit = 900

func TestTheSpineIsReadInOneSitting(t *testing.T) {
	total := 0
	for _, file := range spine {
		text, err := fs.ReadFile(checkout, file)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is part of the spine and not there", file)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n := lines(text)
		total += n
		t.Logf("%4d %s", n, file)
	}
	if total > spineLimit {
		t.Errorf("the spine has %d lines, over the %d of one sitting", total, spineLimit)
	}
}

const (
	// fileLimit is where a file has usually become two.
	fileLimit = 400
	// reasonMark begins the comment, within the first reasonLines lines, that says why a file is longer.
	reasonMark  = "Long: "
	reasonLines = 30
)

func TestALongFileSaysWhyAtItsTop(t *testing.T) {
	written := []string{".go", ".sql", ".js", ".css", ".html", ".sh", ".py"}
	for file := range files(t) {
		if !slices.Contains(written, path.Ext(file)) {
			continue
		}
		text := source(t, file)
		if n := lines(text); n > fileLimit && !reasoned(text) {
			t.Errorf("%s has %d lines: split it, or say why not in a comment %q at its top", file, n, reasonMark+"…")
		}
	}
}

// reasoned reports whether the reason stands near the top.
func reasoned(text []byte) bool {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n > reasonLines {
			return false
		}
		words := strings.TrimLeft(string(line), "/*#-<! \t")
		if strings.HasPrefix(words, reasonMark) {
			return true
		}
	}
	return false
}

func lines(text []byte) int { return bytes.Count(text, []byte("\n")) }
