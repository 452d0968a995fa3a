package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the tables of the document anew")

const document = "../../docs/commands.md"

// The tables of the document are what the commands say of themselves. With -update they are written, and otherwise compared.
func TestTheDocumentHasEveryCommandAndFlag(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := string(content)
	for name, table := range map[string]string{"commands": commandTable(), "flags": flagTable()} {
		begin, end := "<!-- "+name+": written by go test ./cmd/lastcall -update -->\n", "<!-- "+name+" end -->"
		head, rest, found := strings.Cut(want, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("the document has no place for the table of %s", name)
		}
		want = head + begin + table + end + tail
	}
	switch {
	case want == string(content):
	case !*update:
		t.Fatalf("%s is stale; go test ./cmd/lastcall -update writes it anew", document)
	default:
		if err := os.WriteFile(document, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// commandTable lists all commands.
func commandTable() string {
	var b strings.Builder
	b.WriteString("| command | does |\n|---|---|\n")
	for _, cmd := range root().Commands() {
		use := strings.ReplaceAll(strings.TrimSuffix(cmd.UseLine(), " [flags]"), "|", `\|`)
		if !cmd.Runnable() {
			use = "lastcall help " + cmd.Name()
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", use, cmd.Short)
	}
	return b.String()
}

// told are flags that the document explains once for all commands that have them.
var told = []string{"server", "client", "timeout", "json", "store", "store-file", "help"}

// flagTable lists the flags of all commands but for those, and for the settings of serve.
func flagTable() string {
	var b strings.Builder
	b.WriteString("| command | flag | |\n|---|---|---|\n")
	for _, cmd := range root().Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			setting := cmd.Name() == "serve" && f.Name != "config" && f.Name != "print-config"
			if setting || f.Hidden || slices.Contains(told, f.Name) {
				return
			}
			takes, says := pflag.UnquoteUsage(f)
			flag := strings.TrimSpace("--" + f.Name + " " + takes)
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", cmd.Name(), strings.ReplaceAll(flag, "|", `\|`), says)
		})
	}
	return b.String()
}

// What the documents say of exit codes is what there is.
func TestEveryExitCodeIsDocumented(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{
		0, exitFailed, 2, 3, exitTaskFailed, exitTaskEnded, exitNotYet, exitUnavailable, exitInterrupted,
	} {
		if !strings.Contains(string(text), fmt.Sprintf("| %d | ", code)) {
			t.Errorf("docs/commands.md does not explain exit code %d", code)
		}
		if !strings.Contains(exitCodesTopic().Long, fmt.Sprintf("%3d  ", code)) {
			t.Errorf("lastcall help exit-codes does not explain %d", code)
		}
	}
}

// A page for man(1) has no line that would be taken for a request, and says every flag.
func TestAManualPageSaysWhatTheHelpSays(t *testing.T) {
	text := manPage(submitCommand())
	requests := map[string]bool{".TH": true, ".SH": true, ".PP": true, ".TP": true, ".nf": true, ".fi": true}
	for line := range strings.Lines(text) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, ".") && !requests[word] || strings.HasPrefix(line, "'") {
			t.Errorf("a line that man would not show: %q", line)
		}
	}
	for _, flag := range []string{"batch", "expires-in", "idempotency-key", "json", "label", "server", "wait"} {
		if !strings.Contains(text, roff.Replace("--"+flag)) {
			t.Errorf("the page says nothing of --%s", flag)
		}
	}
	var p page
	p.text(".leading\nback\\slash")
	if got, want := p.String(), "\\&.leading\nback\\eslash\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p = page{}
	p.prose("filled\nto the width\n\n  as it\n  stands")
	if got, want := p.String(), ".PP\nfilled\nto the width\n.PP\n.nf\n  as it\n  stands\n.fi\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
