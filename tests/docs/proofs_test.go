package docs_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var (
	named    = regexp.MustCompile("`(Test[A-Z]\\w+)`")
	defined  = regexp.MustCompile(`(?m)((?:^//.*\n)*)^func (Test[A-Z]\w+)\(`)
	promise  = regexp.MustCompile(`(?m)^## (G\d+)\.`)
	sentence = regexp.MustCompile("(?s)`storetest`: \"(.*?)\"")
)

// proofs are all tests of the repository, with what stands above each and, for those that are told apart by a file's
// head, with that too.
func proofs(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for file := range strings.FieldsSeq(string(out)) {
		text := read(t, file)
		for _, m := range defined.FindAllStringSubmatch(text, -1) {
			_, body, _ := strings.Cut(text, m[0])
			body, _, _ = strings.Cut(body, "\n}\n")
			found[m[2]] = m[1] + m[2] + body
		}
	}
	return found
}

// A test that a page calls by its name is there.
func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	t.Parallel()
	there := proofs(t)
	for _, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			if _, ok := there[m[1]]; !ok {
				t.Errorf("%s: there is no test %s", page, m[1])
			}
		}
	}
}

// Of each promise there is a proof, and what is called one says of itself that it is.
func TestEveryPromiseHasItsProofs(t *testing.T) {
	t.Parallel()
	text, there := read(t, "docs/guarantees.md"), proofs(t)
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
			if number != "G11" && !cites.MatchString(there[m[1]]) {
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
