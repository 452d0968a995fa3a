package docs_test

import (
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

var (
	spoken = regexp.MustCompile("`lastcall ([^`]+)`")
	flag   = regexp.MustCompile(`(?:^|\s)(--[a-z][a-z-]*)`)
)

// A command that is named in a sentence or a table exists, with the flags that it is named with.
func TestEveryCommandInASentenceExists(t *testing.T) {
	t.Parallel()
	help := sync.OnceValue(func() map[string]string { return map[string]string{} })()
	for _, page := range pages(t) {
		for _, m := range spoken.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			name, _, _ := strings.Cut(m[1], " ")
			if !regexp.MustCompile(`^[a-z-]+$`).MatchString(name) || name == "help" || name == "completion" {
				continue
			}
			text, asked := help[name]
			if !asked {
				out, err := exec.CommandContext(t.Context(), lab.BuildPlain(t, "cmd/lastcall"), name, "--help").CombinedOutput()
				if err != nil {
					t.Errorf("%s: there is no `lastcall %s`", page, name)
				}
				text = string(out)
				help[name] = text
			}
			for _, f := range flag.FindAllStringSubmatch(m[1], -1) {
				if !regexp.MustCompile(regexp.QuoteMeta(f[1]) + `\b`).MatchString(text) {
					t.Errorf("%s: `lastcall %s` has no flag %s", page, name, f[1])
				}
			}
		}
	}
}

var (
	named   = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	defined = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w+)\(`)
)

// A test that a page calls a proof is there, and fails with the others.
func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "grep", "-hE", "^func (Test|Fuzz)[A-Z]", "--", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, m := range defined.FindAllStringSubmatch(string(out), -1) {
		there[m[1]] = true
	}
	for _, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			if !there[m[1]] {
				t.Errorf("%s: there is no test %s", page, m[1])
			}
		}
	}
}
