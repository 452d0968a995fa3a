package lastcall

// MaxDepth is how deep JSON may be nested, the object of a body or of an answer included: what common readers of JSON take
// without being asked (64 in System.Text.Json, 100 in Ruby, 512 in PHP), so that what is accepted here can be read by everyone.
// What stands within a task, such as its output, has one level less.
const MaxDepth = 64

// Deeper reports whether JSON, which has to be valid, is nested deeper than so many levels.
func Deeper(b []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}
