package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// preferredWait is how long a client would like to wait, by Prefer: wait=SECONDS (RFC 7240). Of several the first
// counts. A preference is a wish: one that is not understood, a malformed wait included, is ignored as the RFC asks.
func preferredWait(h http.Header) (wait time.Duration, ok bool) {
	for _, line := range h["Prefer"] {
		for len(line) > 0 {
			var preference string
			preference, line = cutUnquoted(line, ',')
			preference, _ = cutUnquoted(preference, ';') // parameters: wait has none
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			return seconds(strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return 0, false
}

// maxSeconds keeps a wish in seconds within what a time.Duration holds; it is capped further by Limits.Wait.
const maxSeconds = 1 << 30

// seconds reads delta-seconds: digits and nothing else.
func seconds(s string) (time.Duration, bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if s == "" {
		return 0, false
	}
	if err != nil { // out of range: a long wait indeed
		n = maxSeconds
	}
	return time.Duration(min(n, maxSeconds)) * time.Second, true
}

// cutUnquoted cuts s at the first sep outside a quoted string.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
