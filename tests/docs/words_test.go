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

var (
	metric = regexp.MustCompile(`\blastcall_[a-z_]+[a-z]\b`)
	room   = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`")
)

// What a page would have somebody alerted by is measured. The table of docs/metrics.md is held against the code by meter.
func TestEveryMetricThatAPageNamesExists(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(lastcall_\\w+)` \\| (\\w+)").FindAllStringSubmatch(read(t, "docs/metrics.md"), -1) {
		there[m[1]] = true
		if m[2] == "histogram" {
			there[m[1]+"_bucket"], there[m[1]+"_sum"], there[m[1]+"_count"] = true, true, true
		}
	}
	for _, page := range pages(t) {
		for _, name := range metric.FindAllString(read(t, page), -1) {
			if !there[name] && name != "lastcall_queue" {
				t.Errorf("%s: there is no metric %s", page, name)
			}
		}
	}
}

// docs/architecture.md shows every room of the house but the internal ones, which their owners' rows tell of.
func TestTheArchitectureShowsEveryPackage(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, m := range room.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1) {
		shown[m[1]] = true
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}}", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		name := strings.TrimPrefix(strings.TrimPrefix(pkg, "github.com/lastcall-dev/lastcall"), "/")
		top, _, _ := strings.Cut(name, "/")
		if name == "" || top == "tests" || top == "examples" || top == "cmd" || strings.Contains(name, "internal") || shown[name] ||
			strings.HasSuffix(name, "/hubtest") {
			continue
		}
		t.Errorf("package %s is not shown", name)
	}
}
