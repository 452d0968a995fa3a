package docs_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What stands on pages in Go compiles, against the library as it is here: whole files as they are, and a fragment in the
// place that its frame leaves for it. An "…" in a fragment is whatever its reader has there.
func TestTheGoOfThePagesCompiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	module(t, dir)
	for _, page := range pages(t) {
		n, name := 0, strings.TrimSuffix(strings.ReplaceAll(page, "/", "-"), ".md")
		for i, b := range blocks(t, page) {
			switch {
			case b.lang != "go" || b.shows != "":
			case b.file != "":
				write(t, filepath.Join(dir, fmt.Sprint(name, i), "main.go"), b.text)
			default:
				n++
				write(t, filepath.Join(dir, fmt.Sprint(name, i), "fragment.go"), framed(t, b, name, n))
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// place is where a frame leaves room for the fragment.
var place = regexp.MustCompile(`(?m)^[ \t]*// FRAGMENT\n`)

// framed is the n-th fragment of a page within its frame.
func framed(t *testing.T, b block, name string, n int) string {
	t.Helper()
	frame, found := read(t, fmt.Sprintf("tests/docs/testdata/frames/%s-%d.go.txt", name, n)), false
	text := place.ReplaceAllStringFunc(frame, func(string) string {
		found = true
		return strings.ReplaceAll(b.text, "…", `panic("…")`)
	})
	if !found {
		t.Fatalf("%s:%d: the frame has no line // FRAGMENT", b.page, b.line)
	}
	return text
}

// module makes a folder a module of somebody who uses this one, as it is here, with the versions that it uses.
func module(t *testing.T, dir string) {
	t.Helper()
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	_, mod, found := strings.Cut(read(t, "go.mod"), "module github.com/lastcall-dev/lastcall\n")
	if !found {
		t.Fatal("go.mod does not begin as it should")
	}
	write(t, filepath.Join(dir, "go.mod"), "module example.org/yours\n"+mod+
		"\nrequire github.com/lastcall-dev/lastcall v0.0.0\nreplace github.com/lastcall-dev/lastcall => "+checkout+"\n")
	write(t, filepath.Join(dir, "go.sum"), read(t, "go.sum"))
}
