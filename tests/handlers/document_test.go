package handlers_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// example is a listing of the document: the file that it shows, and what it shows of it.
var example = regexp.MustCompile("(?s)<!-- tests/handlers/(testdata/[a-z.]+) -->\n```[a-z]+\n(.*?)```\n")

// What is shown is what these tests run.
func TestTheDocumentShowsTheExamplesAsTheyAre(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/handlers.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := example.FindAllStringSubmatch(string(text), -1)
	if len(shown) != 3 {
		t.Errorf("%d examples were found, want 3", len(shown))
	}
	for _, s := range shown {
		file, err := os.ReadFile(s[1])
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(file)) != strings.TrimSpace(s[2]) {
			t.Errorf("%s is shown as\n%s", s[1], s[2])
		}
	}
}
