package imports_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// nothing are names that say nothing: a package called so collects what nobody placed.
var nothing = []string{
	"util", "utils", "common", "helper", "helpers", "type", "types", "model", "models", "misc", "shared", "base", "lib",
	"core", "internal", "pkg", "api", "data", "impl",
}

func TestPackagesAreNamedAfterTheirRole(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range slices.Compact([]string{p.name, path.Base(p.path)}) {
			if slices.Contains(nothing, name) {
				t.Errorf("%s: %q says nothing of what the package is for", p.path, name)
			}
		}
	}
}

// Who reads `drain.Start` should not have to look up whose drain it is.
func TestNoPackageShadowsTheStandardLibrary(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "std")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]string{}
	for standard := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(standard, "internal/") && !strings.HasPrefix(standard, "vendor/") {
			taken[path.Base(standard)] = standard
		}
	}
	for _, p := range packages(t) {
		if standard, shadows := taken[p.name]; shadows && p.name != "main" {
			t.Errorf("%s shadows %s", p.path, standard)
		}
	}
}
