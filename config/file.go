package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// read reads a file into its nodes; nil if there is no file, or nothing in it.
func (l *loader) read(name string) (*node, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no file is no mistake
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	whole, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("find the configuration: %w", err)
	}
	l.folder = filepath.Dir(whole)
	return grow(name, content, &l.wrong), nil
}

// tasksKey is the one key of the file that is no setting.
const tasksKey = "tasks"

// file sets what the file says.
func (l *loader) file(root *node) {
	if root == nil || root.shape == null {
		return
	}
	if err := root.needs(mapping); err != nil {
		l.wrong.addf(root.at, "a configuration %v", err)
		return
	}
	rest := *root
	rest.entries = slices.DeleteFunc(slices.Clone(root.entries), func(e entry) bool { return e.key == tasksKey })
	walker[Config]{
		fields: settings, others: []string{tasksKey}, wrong: &l.wrong,
		set: func(f *field[Config], n *node) { l.set(f, n.at, n.text) },
	}.walk("", &rest)
}

// A walker goes through a mapping of the file and hands on every field that is given; what stands there and is no field,
// or has not the shape of one, is a mistake.
type walker[T any] struct {
	fields []field[T]
	base   string   // stands before the fields' names in what people read: "tasks.render."
	others []string // keys besides the fields, which a user may have meant
	wrong  *mistakes
	set    func(*field[T], *node)
}

func (w walker[T]) walk(path string, n *node) {
	for _, e := range n.entries {
		name := strings.TrimPrefix(path+"."+e.key, ".")
		i := slices.IndexFunc(w.fields, func(f field[T]) bool { return f.path == name })
		group := slices.ContainsFunc(w.fields, func(f field[T]) bool { return strings.HasPrefix(f.path, name+".") })
		switch {
		case i < 0 && !group:
			w.wrong.addf(e.at, "there is no setting %s%s%s", w.base, name, w.meant(name))
		case e.value.shape == null: // left out
		case group:
			if err := e.value.needs(mapping); err != nil {
				w.wrong.addf(e.value.at, "%s%s %v", w.base, name, err)
				continue
			}
			w.walk(name, e.value)
		case w.fields[i].node == nil && e.value.shape != scalar:
			w.wrong.addf(e.value.at, "%s%s %v", w.base, name, e.value.needs(scalar))
		default:
			w.set(&w.fields[i], e.value)
		}
	}
}

// meant is a guess at what an unknown key was to be: one with few letters changed, or the same word elsewhere.
func (w walker[T]) meant(name string) string {
	known := slices.Clone(w.others)
	for _, f := range w.fields {
		for group := f.path; group != ""; group = parent(group) {
			known = append(known, group)
		}
	}
	best, least := "", 3
	for _, path := range known {
		d := distance(name, path)
		if strings.TrimPrefix(path, parent(path)+".") == strings.TrimPrefix(name, parent(name)+".") {
			d = min(d, 2)
		}
		if d < least && d < len(name)-1 {
			best, least = path, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + w.base + best + "?"
}

// parent is the group that a name stands in, "" if it stands in none.
func parent(name string) string { return name[:max(strings.LastIndex(name, "."), 0)] }

// distance is how many letters have to be put in, taken out or changed to make b of a (Levenshtein, 1965).
func distance(a, b string) int {
	if max(len(a), len(b)) > 64 { // no name is this long
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}
