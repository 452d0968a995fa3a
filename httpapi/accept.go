package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// acceptJSON fails for a client that says that it cannot read JSON. Errors are sent as problem+json all the same.
func acceptJSON(r *http.Request) error {
	if h := r.Header["Accept"]; len(h) == 0 || (len(h) == 1 && (h[0] == "*/*" || h[0] == applicationJSON)) {
		return nil
	}
	if quality(r.Header, "application", "json") > 0 {
		return nil
	}
	return lastcall.Errorf(lastcall.CodeNotAcceptable, "this call answers with application/json")
}

// quality is how much a client likes a media type, 0 to 1, by its Accept (RFC 9110, 12.5.1): of the ranges that match
// the most precise one counts. Without an Accept everything is welcome. Parameters but q are not looked at.
func quality(h http.Header, major, minor string) float64 {
	lines := h["Accept"]
	if len(lines) == 0 {
		return 1
	}
	best, q := 0, 0.0
	for _, line := range lines {
		for len(line) > 0 {
			var element string
			element, line = cutUnquoted(line, ',')
			mediaRange, params := cutUnquoted(element, ';')
			if p := precision(strings.TrimSpace(mediaRange), major, minor); p > best {
				best, q = p, weight(params)
			}
		}
	}
	return q
}

// precision is how precisely a range names a type: 3 type/subtype, 2 type/*, 1 */*, 0 not at all.
func precision(mediaRange, major, minor string) int {
	t, sub, _ := strings.Cut(mediaRange, "/")
	switch {
	case strings.EqualFold(t, major) && strings.EqualFold(sub, minor):
		return 3
	case strings.EqualFold(t, major) && sub == "*":
		return 2
	case t == "*" && sub == "*":
		return 1
	}
	return 0
}

// weight is the q of a range: 1 if there is none or it cannot be read.
func weight(params string) float64 {
	for len(params) > 0 {
		var p string
		p, params = cutUnquoted(params, ';')
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}
