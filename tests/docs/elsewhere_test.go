package docs_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// unrun are blocks that no session runs, with the reason. They are named by their page, or a pattern
// of pages, and by how they begin.
type unrun struct{ page, begins, why string }

// elsewhere are all of them. Whoever adds one says what runs it, or why nothing can.
var elsewhere = []unrun{
	{"README.md", "go run ./cmd/lastcall demo", "tests/script/testdata/demo.txt plays it"},
	{"README.md", "make test", "it is what runs this"},
	{"README.md", "go build -o bin/ ./cmd/lastcall", "tests/lab builds the same, and sessions have it in their PATH"},
	{"docs/getting-started.md", "go build -o bin/ ./cmd/lastcall", "as above"},
	{"docs/operations.md", "ALTER SYSTEM SET synchronous_standby_names", "every commit would wait for standbys that are not there"},
	{"deploy/compose/README.md", "./secrets.sh", "needs Docker; tests/deploy runs its HAProxy and reads the rest"},
	{"deploy/compose/README.md", "docker compose build", "needs Docker"},
	{"docs/deploy.md", "docker run --read-only", "needs Docker; tests/deploy runs the program in such a root"},
	{"deploy/kubernetes/*/README.md", "docker ", "needs Docker; tests/deploy builds what it would"},
	{"deploy/kubernetes/*/README.md", "kubectl ", "needs a cluster; tests/deploy decodes the manifests strictly"},
	{"deploy/systemd/README.md", "install -m 0755", "needs root and systemd; tests/deploy has systemd-analyze read the units"},
	{"deploy/systemd/README.md", "systemctl restart", "needs root and systemd; tests/systemd restarts what holds its socket"},
	{"deploy/systemd/README.md", "[Socket]", "a part of a unit"},
	{"examples/one-host/README.md", "LISTEN=", "tests/takeover runs the example"},
}

// names reports whether a block is the one that is meant.
func (e unrun) names(b block) bool {
	of, _ := path.Match(e.page, b.page) // the only error is a pattern that is none, which names nothing
	return of && strings.HasPrefix(b.text, e.begins)
}

// elsewhereRun reports whether a block is listed.
func elsewhereRun(b block) bool {
	return slices.ContainsFunc(elsewhere, func(e unrun) bool { return e.names(b) })
}

// A list that nobody prunes hides what is missing.
func TestWhatIsRunElsewhereIsStillThere(t *testing.T) {
	t.Parallel()
	var all []block
	for _, page := range pages(t) {
		all = append(all, blocks(t, page)...)
	}
	for _, e := range elsewhere {
		if !slices.ContainsFunc(all, e.names) {
			t.Errorf("%s has no block that begins with %q", e.page, e.begins)
		}
		if e.why == "" {
			t.Errorf("%s: %q is not run, and nobody says why", e.page, e.begins)
		}
	}
}
