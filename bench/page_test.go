package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Nobody edits numbers by hand: the page is what the data makes, to the letter.
func TestThePageIsMadeOfTheDataAndNothingElse(t *testing.T) {
	want, err := renderPage(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/benchmarks.md is not what bench/data makes; `cd bench && go run . -page` writes it (-data +page):\n%s", diff)
	}
}

// Each file of data belongs to a part: one that was renamed would leave numbers that nobody sees.
func TestEveryFileOfDataHasItsPart(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(partNames(func(part) bool { return true }), " ") + " "
	for _, f := range files {
		if name, json := strings.CutSuffix(filepath.Base(f), ".json"); !json || !strings.Contains(names, name+" ") {
			t.Errorf("%s belongs to none of the parts %s", f, names)
		}
	}
}

func TestAPageWithoutDataIsItsIntroduction(t *testing.T) {
	text, err := renderPage(t.TempDir())
	if err != nil || !strings.HasPrefix(text, "# Benchmarks\n") || strings.Contains(text, "\n## ") {
		t.Errorf("got %q, %v", text, err)
	}
}

// A field that a part no longer has is refused, so that old data is not shown as if it were whole.
func TestDataOfAnotherShapeIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "idle.json"), []byte(`{"run":{},"found":{"sockets":1,"once":2}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := renderPage(dir); err == nil {
		t.Errorf("rendered %q", text)
	}
}
