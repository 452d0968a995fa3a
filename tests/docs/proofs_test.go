package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var (
	named    = regexp.MustCompile("`(Test[A-Z]\\w+)`")
	promise  = regexp.MustCompile(`(?m)^## (G\d+)\.`)
	sentence = regexp.MustCompile("(?s)`storetest`: \"(.*?)\"")
)

// proofs are all tests of the repository, each with the comment above it and what it does.
var proofs = sync.OnceValues(func() (map[string]string, error) {
	out, err := exec.CommandContext(context.Background(), "git", "-C", root, "grep", "-lE", "^func Test", "--", "*_test.go").Output()
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for file := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, err
		}
		comment, test := "", ""
		for line := range strings.Lines(string(text)) {
			name, is := strings.CutPrefix(line, "func Test")
			switch {
			case strings.HasPrefix(line, "//"):
				comment += line
				continue
			case is:
				name, _, _ = strings.Cut(name, "(")
				test = "Test" + name
				found[test] = comment
			}
			comment = ""
			if test != "" {
				found[test] += line
			}
			if line == "}\n" {
				test = ""
			}
		}
	}
	return found, nil
})

// there are the tests that there are.
func there(t *testing.T) map[string]string {
	t.Helper()
	found, err := proofs()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A test that a page calls by its name is there.
func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	t.Parallel()
	all := there(t)
	for _, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			if _, ok := all[m[1]]; !ok {
				t.Errorf("%s: there is no test %s", page, m[1])
			}
		}
	}
}

// Of each promise there is a proof, and what is called one says of itself that it is.
func TestEveryPromiseHasItsProofs(t *testing.T) {
	t.Parallel()
	text, all := read(t, "docs/guarantees.md"), there(t)
	begins := promise.FindAllStringSubmatchIndex(text, -1)
	if len(begins) != 11 {
		t.Errorf("%d promises, want G1 to G11", len(begins))
	}
	for i, at := range begins {
		number, end := text[at[2]:at[3]], len(text)
		if i+1 < len(begins) {
			end = begins[i+1][0]
		}
		cites := regexp.MustCompile(`(?:\b|_)` + number + `\b`)
		tests := named.FindAllStringSubmatch(text[at[0]:end], -1)
		if len(tests) == 0 {
			t.Errorf("%s has no proof", number)
		}
		for _, m := range tests {
			if number != "G11" && !cites.MatchString(all[m[1]]) {
				t.Errorf("%s is called a proof of %s, and does not cite it", m[1], number)
			}
		}
	}
	cases := read(t, "storetest/cases.go")
	for _, m := range sentence.FindAllStringSubmatch(text, -1) {
		if says := strings.Join(strings.Fields(m[1]), " "); !strings.Contains(cases, `"`+says) {
			t.Errorf("storetest has no case that says %q", says)
		}
	}
}
