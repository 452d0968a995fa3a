package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A shape is what a node is.
type shape int

const (
	null shape = iota
	scalar
	list
	mapping
)

func (s shape) String() string {
	return [...]string{"nothing", "a single value", "a list", "a mapping"}[s]
}

// A node is a part of the file. Scalars are text: what they mean is up to the field that they stand for, so that
// `name: 404` and `auth: off` are what they look like, whatever YAML takes them for.
type node struct {
	at      place
	shape   shape
	text    string
	items   []*node // of a list
	entries []entry // of a mapping, in the file's order, each key once
	size    int     // how many nodes there are in it, itself included
}

// An entry is a key with its value. Merged says that it came through <<, and gives way to one that was written out.
type entry struct {
	key    string
	at     place
	value  *node
	merged bool
}

// grow parses a file into its nodes, nil if there is nothing in it. Only one mistake of grammar can be told: behind it
// nothing is certain.
func grow(name string, content []byte, wrong *mistakes) *node {
	t := tree{name: name, wrong: wrong, anchors: map[string]*node{}}
	switch {
	case len(content) > maxBytes:
		wrong.addf(place{source: name}, "it is larger than %d bytes", maxBytes)
		return nil
	case !utf8.Valid(content):
		wrong.addf(place{source: name, line: 1 + bytes.Count(content[:invalid(content)], []byte("\n")), col: 1}, "it is not UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(content), "\ufeff"))
	if !t.bounded(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // all of them are told, with both places
	if err != nil {
		t.grammar(err)
		return nil
	}
	return t.document(file)
}

// tree is what is known while nodes are made.
type tree struct {
	name    string
	wrong   *mistakes
	anchors map[string]*node
	nodes   int
}

func (t *tree) at(tk *token.Token) place {
	return place{source: t.name, line: tk.Position.Line, col: tk.Position.Column}
}

// grammar notes what the parser complains of, without its picture of the place.
func (t *tree) grammar(err error) {
	at := place{source: t.name}
	message := err.Error()
	if where, ok := errors.AsType[yaml.Error](err); ok {
		message = where.GetMessage()
		if tk := where.GetToken(); tk != nil {
			at = t.at(tk)
		}
	}
	t.wrong.addf(at, "this is not YAML: %s", message)
}

// document is the one document of the file.
func (t *tree) document(file *ast.File) *node {
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			t.wrong.addf(t.at(doc.Body.GetToken()), "a second document begins here; there can only be one")
			return nil
		}
		root = t.node(doc.Body)
	}
	return root
}

func (t *tree) node(n ast.Node) *node {
	at := t.at(n.GetToken())
	if !t.room(at, 1) {
		return &node{at: at, size: 1}
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		made := t.node(n.Value)
		t.anchors[n.Name.GetToken().Value] = made // only now: it cannot contain itself
		return made
	case *ast.AliasNode:
		return t.alias(n)
	}
	made := &node{at: at}
	t.fill(made, n)
	made.size = 1
	for _, item := range made.items {
		made.size += item.size
	}
	for _, e := range made.entries {
		made.size += e.value.size
	}
	return made
}

func (t *tree) fill(made *node, from ast.Node) {
	switch from := from.(type) {
	case *ast.NullNode:
	case *ast.SequenceNode:
		made.shape = list
		for _, item := range from.Values {
			made.items = append(made.items, t.node(item))
		}
	case ast.MapNode:
		made.shape = mapping
		for it := from.MapRange(); it.Next(); {
			t.entry(made, it.Key(), it.Value())
		}
		if len(made.entries) > 0 {
			made.at = made.entries[0].at // its token is the first colon
		}
	case *ast.LiteralNode:
		made.shape, made.text = scalar, from.Value.Value
	case ast.ScalarNode:
		made.shape, made.text = scalar, from.GetToken().Value
	default:
		t.wrong.addf(made.at, "%q is part of YAML, but is not used here", from.GetToken().Value)
	}
}

// alias is what an anchor before it stands for. It counts again, as whoever reads the tree goes there again.
func (t *tree) alias(n *ast.AliasNode) *node {
	at, name := t.at(n.GetToken()), n.Value.GetToken().Value
	known, ok := t.anchors[name]
	if !ok {
		t.wrong.addf(at, "*%s: no &%s stands before it", name, name)
	}
	if !ok || !t.room(at, known.size) {
		return &node{at: at, size: 1}
	}
	return known
}

func (t *tree) entry(into *node, key ast.MapKeyNode, value ast.Node) {
	at := t.at(key.GetToken())
	if key.IsMergeKey() {
		t.merge(into, at, t.node(value))
		return
	}
	e := entry{key: key.GetToken().Value, at: at, value: t.node(value)}
	for i, other := range into.entries {
		switch {
		case other.key != e.key:
		case other.merged:
			into.entries[i] = e
			return
		default:
			t.wrong.addf(at, "%s was given before, on line %d", e.key, other.at.line)
			return
		}
	}
	into.entries = append(into.entries, e)
}

// merge adds the entries of a mapping, or of several, that are not there yet.
func (t *tree) merge(into *node, at place, from *node) {
	switch from.shape {
	case mapping:
		for _, e := range from.entries {
			if !into.has(e.key) {
				e.merged = true
				into.entries = append(into.entries, e)
			}
		}
	case list:
		for _, item := range from.items {
			t.merge(into, at, item)
		}
	default:
		t.wrong.addf(at, "<< takes a mapping, not %s", from.shape)
	}
}

func (n *node) has(key string) bool {
	for _, e := range n.entries {
		if e.key == key {
			return true
		}
	}
	return false
}

// needs says that a node must have a shape; the sentence goes on where a name ends.
func (n *node) needs(want shape) error {
	if n.shape == want {
		return nil
	}
	return fmt.Errorf("must be %s, not %s", want, n.shape)
}
