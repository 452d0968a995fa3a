package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// like reports whether a text is what is shown of it: "…" in a line stands for some of it, a line "..." for any lines.
func like(text, shown string) bool {
	spaces := regexp.MustCompile(` {2,}`) // columns are as wide as what is in them
	text, shown = spaces.ReplaceAllString(text, " "), spaces.ReplaceAllString(shown, " ")
	pattern := regexp.QuoteMeta(strings.TrimSpace(shown))
	pattern = strings.ReplaceAll(pattern, "…", `.*`)
	pattern = regexp.MustCompile(`(?m)^\\\.\\\.\\\.$`).ReplaceAllLiteralString(pattern, `(?s:.*)`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(text))
}

// shapes says what is different about an answer, the JSON at the end of a text, and what is shown of it: other keys, other
// kinds of values, other words. Numbers are not compared, and "…" stands for some of a text, or for any value.
func shapes(text, shown string) string {
	var want any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		return "what is shown is no JSON: " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		var got any
		if json.Unmarshal([]byte(strings.Join(lines[i:], "\n")), &got) == nil {
			return differ("", got, want)
		}
	}
	return "nothing was answered that is JSON"
}

func differ(at string, got, want any) string {
	switch want := want.(type) {
	case string:
		if word, ok := got.(string); want == "…" || ok && like(word, want) {
			return ""
		}
	case float64:
		if _, ok := got.(float64); ok {
			return ""
		}
	case []any:
		if list, ok := got.([]any); ok && len(list) == len(want) {
			for i := range want {
				if d := differ(fmt.Sprintf("%s[%d]", at, i), list[i], want[i]); d != "" {
					return d
				}
			}
			return ""
		}
	case map[string]any:
		if fields, ok := got.(map[string]any); ok {
			return differIn(at, fields, want)
		}
	default: // true, false, null
		if got == want {
			return ""
		}
	}
	return fmt.Sprintf("%s is %v, and is shown as %v", at, got, want)
}

// differIn compares two objects.
func differIn(at string, got, want map[string]any) string {
	has, shows := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(has, shows) {
		return fmt.Sprintf("%s has %v, and is shown with %v", at, has, shows)
	}
	for _, name := range shows {
		if d := differ(at+"."+name, got[name], want[name]); d != "" {
			return d
		}
	}
	return ""
}

// A comparison that lets everything through proves nothing.
func TestWhatIsShownIsCompared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer, shown string
		same          bool
	}{
		{`{"id":"0190","n":1,"done":true}`, `{"id":"…","n":2,"done":true}`, true},
		{"it listens\n{\"a\":null}", `{"a":null}`, true},
		{`{"id":"x","more":1}`, `{"id":"…"}`, false},
		{`{"id":1}`, `{"id":"1"}`, false},
		{`{"status":"failed"}`, `{"status":"queued"}`, false},
		{`{"done":true}`, `{"done":false}`, false},
		{`{"list":[1]}`, `{"list":[1,2]}`, false},
		{`{"list":[{"a":"b"}]}`, `{"list":[{"a":"c"}]}`, false},
	} {
		if d := shapes(c.answer, c.shown); (d == "") != c.same {
			t.Errorf("%s shown as %s: %q", c.answer, c.shown, d)
		}
	}
	if !like("a: 17 ms\nb\nc\nd", "a: … ms\n...\nd") || like("a\nb", "a\nc") || like("a\nb", "a") {
		t.Error("lines are not compared as they should be")
	}
}
