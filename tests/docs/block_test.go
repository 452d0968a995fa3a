package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from here.
const root = "../.."

// block is a fenced block of a page.
type block struct {
	page  string // its path in the repository
	line  int    // of its first line of text
	lang  string // sh, yaml, …; what stands behind it is in the next three
	role  string // server, endless, ctrl-c, or nothing
	file  string // NAME of file=NAME
	shows string // the file of the repository that it shows
	text  string
}

// first is how a block is named where it is listed.
func (b block) first() string {
	line, _, _ := strings.Cut(b.text, "\n")
	return line
}

// pages are the paths of all pages of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{
		"*.md", "docs/*.md", "docs/*/*.md", "examples/*/*.md", "deploy/*.md", "deploy/*/*.md", "deploy/*/*/*.md", "bench/*.md",
	} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			found = append(found, strings.TrimPrefix(filepath.ToSlash(p), root+"/"))
		}
	}
	return found
}

// read is the text of a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence   = regexp.MustCompile("^( *(?:[0-9]+\\. )?)```(.*)$") // also where an item of a list begins with it
	comment = regexp.MustCompile(`^ *<!-- ([a-z]+/[\w./-]+) -->$`)
)

// blocks are those of a page, in order.
func blocks(t *testing.T, page string) (found []block) {
	t.Helper()
	var b *block
	indent, shows := "", ""
	for i, line := range strings.Split(read(t, page), "\n") {
		mark := fence.FindStringSubmatch(line)
		switch {
		case b == nil && mark != nil:
			b, indent = opened(mark[2]), strings.Repeat(" ", len(mark[1]))
			b.page, b.line, b.shows = page, i+2, shows
		case mark != nil:
			found = append(found, *b)
			b = nil
		case b != nil:
			b.text += strings.TrimPrefix(line, indent) + "\n"
		}
		shows = ""
		if m := comment.FindStringSubmatch(line); m != nil && b == nil {
			shows = m[1]
		}
	}
	if b != nil {
		t.Fatalf("%s:%d: the block does not end", page, b.line)
	}
	return found
}

// opened is a block as the line that opens it says.
func opened(info string) *block {
	b := new(block)
	for i, word := range strings.Fields(info) {
		switch name, isFile := strings.CutPrefix(word, "file="); {
		case i == 0:
			b.lang = word
		case isFile:
			b.file = name
		default:
			b.role = word
		}
	}
	return b
}

// known are the blocks that a session knows what to do with, by language, with their roles.
var known = map[string][]string{
	"sh": {"", "server", "endless", "ctrl-c"}, "console": {""}, "json": {""}, "yaml": {""}, "go": {""}, "sql": {""}, "text": {""},
	"python": nil, "js": nil, "ini": nil, "dockerfile": nil, // as files only
}

// A block that nobody claims is one that nobody runs.
func TestEveryBlockOfThePagesIsClaimed(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			if !claimed(b) {
				t.Errorf("%s:%d: nobody claims this %q block: %s", page, b.line, b.lang, b.first())
			}
			if b.lang == "text" && regexp.MustCompile(`(?m)^(\$ |lastcall |curl )`).MatchString(b.text) {
				t.Errorf("%s:%d: that is no picture, it is a command: %s", page, b.line, b.first())
			}
		}
	}
}

func claimed(b block) bool {
	return elsewhereRun(b) || b.file != "" || b.shows != "" || slices.Contains(known[b.lang], b.role)
}

// What is said to be a file of the repository is that file. Its own tests run it.
func TestWhatIsShownAsAFileIsThatFile(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			if b.shows == "" {
				continue
			}
			if file := read(t, b.shows); strings.TrimSpace(file) != strings.TrimSpace(b.text) {
				t.Errorf("%s:%d: %s is shown as\n%s", page, b.line, b.shows, b.text)
			}
		}
	}
}
