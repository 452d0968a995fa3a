package imports_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checkout is the repository, seen from this package's directory.
var checkout = os.DirFS("../..")

// A pkg is what the source of one package says.
type pkg struct {
	path        string
	name        string
	imports     []string // by production files, sorted, each once
	testImports []string // by _test.go files
}

// packages reads every package of the main module, whatever platform its files are for.
func packages(t *testing.T) []pkg {
	t.Helper()
	found := map[string]*pkg{}
	for file := range files(t) {
		if path.Ext(file) != ".go" {
			continue
		}
		dir := path.Dir(file)
		if found[dir] == nil {
			found[dir] = &pkg{path: dir}
		}
		found[dir].read(t, file)
	}
	all := make([]pkg, 0, len(found))
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[dir])
	}
	return all
}

// read adds one file's word to its package.
func (p *pkg) read(t *testing.T, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, source(t, file), parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	p.name = strings.TrimSuffix(f.Name.Name, "_test")
	into := &p.imports
	if strings.HasSuffix(file, "_test.go") {
		into = &p.testImports
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if i, there := slices.BinarySearch(*into, imported); !there {
			*into = slices.Insert(*into, i, imported)
		}
	}
}

// files walks the main module's files: no hidden ones, none of what the go command passes over, and no other module.
func files(t *testing.T) iter.Seq[string] {
	t.Helper()
	return func(yield func(string) bool) {
		err := fs.WalkDir(checkout, ".", func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && file != "." && passedOver(file):
				return fs.SkipDir
			case !d.IsDir() && !yield(file):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// passedOver reports whether a directory holds nothing of the main module's source.
func passedOver(dir string) bool {
	base := path.Base(dir)
	_, err := fs.Stat(checkout, path.Join(dir, "go.mod"))
	return err == nil || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || dir == "bin"
}

// source is a file's text.
func source(t *testing.T, file string) []byte {
	t.Helper()
	text, err := fs.ReadFile(checkout, file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ours cuts the module's path off an import: "." for the root package, and false for what is not ours.
func ours(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// foreign reports whether an import is of somebody else's module: those begin with a host name.
func foreign(imported string) bool {
	host, _, _ := strings.Cut(imported, "/")
	_, own := ours(imported)
	return !own && strings.Contains(host, ".")
}
