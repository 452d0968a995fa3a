package meter_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

var update = flag.Bool("update", false, "write the table of the document anew")

const document = "../docs/metrics.md"

// The table of the document is what Prometheus is told. With -update it is written, and otherwise compared.
func TestTheDocumentHasEveryMetric(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- metrics: written by go test ./meter -update -->\n", "<!-- metrics end -->"
	head, rest, found := strings.Cut(string(content), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the document has no place for the table")
	}
	want := head + begin + table(scrape(t, used(lastcall.Queue{Name: "default"}))) + end + tail
	switch {
	case want == string(content):
	case !*update:
		t.Fatalf("%s is stale; go test ./meter -update writes it anew", document)
	default:
		if err := os.WriteFile(document, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	help  = regexp.MustCompile(`(?m)^# HELP (lastcall_\w+) (.*)\n# TYPE \w+ (\w+)$`)
	label = regexp.MustCompile(`(\w+)="`)
)

// table lists our metrics in what was scraped, of which each has its help, its type and at least one sample.
func table(scraped string) string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it says |\n|---|---|---|---|\n")
	for _, m := range help.FindAllStringSubmatch(scraped, -1) {
		name, says, kind := m[1], m[2], m[3]
		labels := map[string]bool{}
		for _, sample := range regexp.MustCompile(`(?m)^`+name+`(?:_bucket)?\{(.*)\}`).FindAllStringSubmatch(scraped, -1) {
			for _, l := range label.FindAllStringSubmatch(sample[1], -1) {
				labels["`"+l[1]+"`"] = true
			}
		}
		delete(labels, "`le`") // the bound of a histogram's bucket
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, kind, strings.Join(slices.Sorted(maps.Keys(labels)), ", "), says)
	}
	return b.String()
}
