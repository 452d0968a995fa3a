package config

import (
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// The bounds of a file. The parser's time and memory grow with the square of the depth, and aliases of aliases of
// aliases grow without bound, so each is bounded before it can cost anything.
const (
	maxBytes   = 1 << 20
	maxTokens  = 50_000
	maxDepth   = 32  // of brackets, or of dashes on one line
	maxIndent  = 256 // columns
	maxAnchors = 100
	maxNodes   = 20_000 // after aliases have been followed
)

// bounded reports whether the tokens may be given to the parser.
func (t *tree) bounded(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		t.wrong.addf(place{source: t.name}, "it has more than %d words and marks", maxTokens)
		return false
	}
	brackets, dashes, anchors, line := 0, 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, dashes = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType:
			anchors++
		case token.TagType, token.MappingKeyType, token.DirectiveType:
			t.wrong.addf(t.at(tk), "%q is part of YAML, but is not used here", tk.Value)
			return false
		default:
		}
		if brackets > maxDepth || dashes > maxDepth || tk.Position.IndentNum > maxIndent || anchors > maxAnchors {
			t.wrong.addf(t.at(tk), "nothing that is set here is nested this deep")
			return false
		}
	}
	return true
}

// room reports whether there may be as many nodes more. The first time there may not, it says so.
func (t *tree) room(at place, more int) bool {
	had := t.nodes
	t.nodes = min(had+more, maxNodes+1)
	if t.nodes > maxNodes && had <= maxNodes {
		t.wrong.addf(at, "with all its aliases the file has more than %d values", maxNodes)
	}
	return t.nodes <= maxNodes
}

// invalid is the offset of the first byte that is not UTF-8.
func invalid(content []byte) int {
	for i := 0; i < len(content); {
		r, n := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(content)
}
