package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A part that is measured anew replaces its own section; the others stay as their run has left them.
func TestARunReplacesTheSectionsThatItMeasured(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	text := "# Old words\n\n## One\n\nfirst\n\n## Two\n\n| a |\n|---|\n\n## Three\n\nthird\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readPage(path)
	if err != nil {
		t.Fatal(err)
	}
	p.put(section{"Two", "second\n"})
	p.put(section{"Four", "fourth\n"})
	want := introduction + "## One\n\nfirst\n\n## Two\n\nsecond\n\n## Three\n\nthird\n\n## Four\n\nfourth\n"
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAPageThatIsNotThereIsEmpty(t *testing.T) {
	p, err := readPage(filepath.Join(t.TempDir(), "none.md"))
	if err != nil || p.String() != introduction {
		t.Errorf("got %q, %v", p.String(), err)
	}
}
