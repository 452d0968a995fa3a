package docs_test

import (
	"os/exec"
	"regexp"
	"strings"
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
	help := map[string]string{}
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
