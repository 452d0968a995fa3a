package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of the document anew")

const document = "../docs/configuration.md"

// The tables of the document are those of this package. With -update they are written, and otherwise compared.
func TestTheDocumentHasEverySetting(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := string(content)
	want = between(t, want, "settings", table(settings, everyName))
	want = between(t, want, "task settings", table(taskFields, path))
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale; go test ./config -update writes it anew", document)
	}
	if err := os.WriteFile(document, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// between puts a table between its two marks.
func between(t *testing.T, text, name, table string) string {
	t.Helper()
	begin := "<!-- " + name + ": written by go test ./config -update -->\n"
	end := "<!-- " + name + " end -->"
	head, rest, found := strings.Cut(text, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("the document has no place for the table of %s", name)
	}
	return head + begin + table + end + tail
}

// everyName is a setting of the node's as the file, the command line and the environment have it. Secrets have no flag.
func everyName(f *field[Config]) string {
	names := path(f)
	if !f.secret {
		names += "<br>`--" + f.flag() + "`"
	}
	return names + "<br>`" + f.variable() + "`"
}

// path is a setting as the file has it.
func path[T any](f *field[T]) string { return "`" + f.path + "`" }

func table[T any](fields []field[T], name func(*field[T]) string) string {
	var b strings.Builder
	b.WriteString("| setting | takes | default | |\n|---|---|---|---|\n")
	for i := range fields {
		f := &fields[i]
		takes := strings.ReplaceAll(f.takes, "|", "`, `")
		usual := f.usual
		if usual != "" && !f.follows() {
			usual = "`" + usual + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", name(f), takes, strings.Trim(usual, "()"), f.about)
	}
	return b.String()
}
