package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What the documents say of commands and exit codes is what there is.
func TestEveryCommandAndExitCodeIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range root().Commands() {
		if cmd.Runnable() && !strings.Contains(string(text), "`lastcall "+cmd.Name()) {
			t.Errorf("docs/commands.md does not mention lastcall %s", cmd.Name())
		}
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
