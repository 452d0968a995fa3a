package imports_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageHasItsPlaceInTheHouse(t *testing.T) {
	for _, p := range packages(t) {
		if _, placed := roomAt(p.path); !placed {
			t.Errorf("package %s is not in the table: decide what it may lean on and add it to house", p.path)
		}
	}
}

// The table itself has to keep the rule before it can hold others to it.
func TestTheHouseIsBuiltFromTheGroundUp(t *testing.T) {
	for _, r := range house {
		for _, use := range r.uses {
			below, placed := roomAt(use)
			switch {
			case !placed:
				t.Errorf("%s may use %s, which is not in the table", r.path, use)
			case below.floor >= r.floor:
				t.Errorf("%s on floor %d may use %s on floor %d: imports point down only", r.path, r.floor, use, below.floor)
			case below.tests && !r.tests:
				t.Errorf("%s may use %s, which is for tests only", r.path, use)
			}
		}
	}
}

func TestProductionImportsPointDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		r, _ := roomAt(p.path)
		for _, imported := range p.imports {
			own, isOurs := ours(imported)
			switch {
			case isOurs && !slices.Contains(r.uses, own):
				t.Errorf("%s imports %s, and its row in the table does not allow it", p.path, own)
			case foreign(imported) && !within(r.parts, imported):
				t.Errorf("%s imports %s, and its row in the table names no module of that path", p.path, imported)
			}
		}
	}
}

// A test may use a sibling (the worker is tested on a real store), but a test that needs what stands above its package
// belongs up there.
func TestTestsDoNotLeanOnWhatStandsAboveThem(t *testing.T) {
	for _, p := range packages(t) {
		r, _ := roomAt(p.path)
		for _, imported := range p.testImports {
			own, isOurs := ours(imported)
			if !isOurs {
				continue
			}
			if used, _ := roomAt(own); used.floor > r.floor && !used.tests {
				t.Errorf("the tests of %s on floor %d import %s on floor %d", p.path, r.floor, own, used.floor)
			}
		}
	}
}

// What is for tests drags flags, leak detectors and comparison libraries into the binary, and invites production code to
// behave differently under test. The go command is asked, as what others' modules import counts too.
func TestNothingForTestsReachesProduction(t *testing.T) {
	forTests := []string{
		"testing", "net/http/httptest",
		"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "go.uber.org/goleak",
	}
	for _, r := range house {
		if r.tests {
			forTests = append(forTests, module+"/"+r.path)
		}
	}
	for path, imports := range closures(t) {
		if r, _ := roomAt(path); r.tests {
			continue
		}
		for _, imported := range imports {
			if within(forTests, imported) {
				t.Errorf("%s pulls in %s, which is for tests only", path, imported)
			}
		}
	}
}

// within reports whether an imported package is one of the given ones, or stands below one of them.
func within(paths []string, imported string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		return imported == p || strings.HasPrefix(imported, p+"/")
	})
}

// closures is, for each package of ours, all that its production code pulls in, directly or not.
func closures(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	cmd.Dir = "../.."
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		path, _ := ours(words[0])
		all[path] = words[1:]
	}
	return all
}
