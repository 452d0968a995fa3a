package witness

import (
	"errors"
	"strings"
)

// unquote reads a text as C writes it, behind its opening quote, and returns what stands behind its closing one.
func unquote(s string) (data []byte, rest string, err error) {
	data = make([]byte, 0, min(len(s), 8192))
	for {
		i := strings.IndexAny(s, `"\`)
		if i < 0 || i+1 >= len(s) && s[i] == '\\' {
			return nil, "", errors.New("a text has no end")
		}
		data = append(data, s[:i]...)
		if s[i] == '"' {
			return data, s[i+1:], nil
		}
		b, n := unescape(s[i+1:])
		data = append(data, b)
		s = s[i+1+n:]
	}
}

// unescape reads what follows a backslash: a letter, a sign that stands for itself, or one to three octal digits.
func unescape(s string) (b byte, length int) {
	if i := strings.IndexByte(`ntrvf`, s[0]); i >= 0 {
		return "\n\t\r\v\f"[i], 1
	}
	for length < 3 && length < len(s) && s[length] >= '0' && s[length] <= '7' {
		b = b<<3 | (s[length] - '0')
		length++
	}
	if length == 0 {
		return s[0], 1
	}
	return b, length
}
