package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// object is the JSON object of a body, taken apart by one level, and what is wrong with it so far. encoding/json alone
// would take the last of two members with the same name, mend broken text in silence, and report one error of many.
type object struct {
	members []member
	errs    []lastcall.FieldError
	room    [8]member // of members, until there are more: most bodies need no other
}

type member struct {
	name  []byte // decoded
	value []byte // JSON, without blanks around it
}

// maxMembers bounds how many members of an object are looked at: each is compared with those before it, and each may be
// a line of the answer. No object of a request has nearly as many.
const maxMembers = 256

// readObject takes a body apart. It fails at once with what is not one JSON object in UTF-8, nested no deeper than depth
// levels, and with nothing behind it; members given twice are noted.
func readObject(body []byte, depth int) (*object, error) {
	if !utf8.Valid(body) {
		return nil, invalid(field("body", "is not valid UTF-8"))
	}
	if !json.Valid(body) {
		return nil, invalid(field("body", "is not JSON: "+whyInvalid(body)))
	}
	s := splitter{rest: body}
	if s.skipBlanks(); s.rest[0] != '{' {
		return nil, invalid(field("body", "must be a JSON object"))
	}
	if lastcall.Deeper(s.rest, depth) {
		return nil, invalid(field("body", fmt.Sprintf("is nested deeper than %d levels", depth)))
	}
	return s.object(), nil
}

func whyInvalid(body []byte) string {
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Sprintf("%s, at byte %d", syntax.Error(), syntax.Offset)
	}
	return "it cannot be read"
}

func (o *object) bad(name, message string) {
	o.errs = append(o.errs, field(name, message))
}

// err is what is wrong with the object, nil if nothing is.
func (o *object) err() error {
	if o.errs == nil {
		return nil
	}
	return invalid(o.errs...)
}

// splitter cuts members off JSON that is known to be valid: it only has to find where each ends.
type splitter struct{ rest []byte }

func (s *splitter) object() *object {
	o := &object{}
	o.members = o.room[:0]
	s.rest = s.rest[1:] // {
	for {
		s.skipBlanks()
		switch s.rest[0] {
		case '}':
			return o
		case ',':
			s.rest = s.rest[1:]
			continue
		}
		if len(o.members)+len(o.errs) == maxMembers {
			o.bad("body", fmt.Sprintf("has an object of more than %d fields", maxMembers))
			return o
		}
		name, ok := textBytes(s.value())
		s.skipBlanks()
		s.rest = s.rest[1:] // :
		s.skipBlanks()
		value := s.value()
		switch {
		case !ok:
			o.bad("body", "has a field whose name is not valid text")
		case o.has(name):
			o.bad(shown(string(name)), "is given more than once")
		default:
			o.members = append(o.members, member{name, value})
		}
	}
}

func (o *object) has(name []byte) bool {
	for i := range o.members {
		if bytes.Equal(o.members[i].name, name) {
			return true
		}
	}
	return false
}

func (s *splitter) skipBlanks() {
	for len(s.rest) > 0 {
		switch s.rest[0] {
		case ' ', '\t', '\r', '\n':
			s.rest = s.rest[1:]
		default:
			return
		}
	}
}

// value cuts one value off, which begins at once.
func (s *splitter) value() []byte {
	var n int
	switch s.rest[0] {
	case '"':
		n = stringEnd(s.rest)
	case '{', '[':
		n = nestedEnd(s.rest)
	default:
		n = bytes.IndexAny(s.rest, ",}] \t\r\n")
	}
	v := s.rest[:n:n]
	s.rest = s.rest[n:]
	return v
}

// stringEnd is the length of the string that b begins with, quotes included.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// nestedEnd is the length of the object or array that b begins with.
func nestedEnd(b []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// text decodes a JSON string. It fails on what is no string and on text that no UTF-8 can hold (half a surrogate pair),
// for which the standard decoder would put a replacement character.
func text(v []byte) (string, bool) {
	b, ok := textBytes(v)
	return string(b), ok
}

// textBytes is text without a copy where there is nothing to decode.
func textBytes(v []byte) ([]byte, bool) {
	if len(v) == 0 || v[0] != '"' {
		return nil, false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], true
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil || strings.ContainsRune(s, utf8.RuneError) {
		return nil, false
	}
	return []byte(s), true
}
