package imports_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// Sleeping is a guess at how long something takes: too short on a busy machine, too long on every other. Inside a bubble of
// testing/synctest it is exact, as the time there is the test's own. So only tests of a package that has bubbles may
// sleep; that they do so inside of one is for the reader to see. (In production code the linter forbids it.)
func TestTestsSleepOnlyInABubble(t *testing.T) {
	bubbles, sleeps := map[string]bool{}, map[string][]token.Position{} // by folder
	for file := range files(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, source(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir := path.Dir(file)
		bubbles[dir] = bubbles[dir] || imports(f, "testing/synctest")
		ast.Inspect(f, func(n ast.Node) bool {
			if isSleep(n) {
				sleeps[dir] = append(sleeps[dir], fset.Position(n.Pos()))
			}
			return true
		})
	}
	for dir, found := range sleeps {
		if !bubbles[dir] {
			t.Errorf("tests sleep: wait for the thing itself, or test in a bubble: %v", found)
		}
	}
}

// imports reports whether a file imports a package.
func imports(f *ast.File, name string) bool {
	for _, spec := range f.Imports {
		if spec.Path.Value == `"`+name+`"` {
			return true
		}
	}
	return false
}

// isSleep reports whether a node is time.Sleep.
func isSleep(n ast.Node) bool {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Sleep" {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == "time"
}
