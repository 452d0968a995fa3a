package imports_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Sleeping is a guess at how long something takes: too short on a busy machine, too long on every other. Inside a bubble of
// testing/synctest it is exact, as the time there is the test's own. (In production code the linter forbids it.)
func TestTestsSleepOnlyInABubble(t *testing.T) {
	for file := range files(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, source(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if imports(f, "testing/synctest") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if isSleep(n) {
				t.Errorf("%s sleeps: wait for the thing itself, or test in a bubble", fset.Position(n.Pos()))
			}
			return true
		})
	}
}

// imports reports whether a file imports a package.
func imports(f *ast.File, path string) bool {
	for _, spec := range f.Imports {
		if spec.Path.Value == `"`+path+`"` {
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
