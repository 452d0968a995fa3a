package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// decodeSubmission reads the body of a submit. What it returns is as the client wrote it, with no defaults filled in;
// every field that is wrong by itself is named in the error. What is wrong by its size is for Limits.Check.
func decodeSubmission(body []byte) (lastcall.Submission, error) {
	o, err := readObject(body, lastcall.MaxDepth)
	if err != nil {
		return lastcall.Submission{}, err
	}
	s := o.submission()
	return s, o.err()
}

// taskFields are the fields of a submission, and how each is read.
var taskFields = map[string]func(*object, member, *lastcall.Submission){
	"type":     func(o *object, m member, s *lastcall.Submission) { s.Type = o.name(m) },
	"queue":    func(o *object, m member, s *lastcall.Submission) { s.Queue = o.name(m) },
	"client":   func(o *object, m member, s *lastcall.Submission) { s.Client = o.name(m) },
	"input":    func(_ *object, m member, s *lastcall.Submission) { s.Input = compact(m.value) },
	"priority": func(o *object, m member, s *lastcall.Submission) { s.Priority = o.whole(m) },
	"max_attempts": func(o *object, m member, s *lastcall.Submission) {
		if s.MaxAttempts = o.whole(m); s.MaxAttempts < 1 && !o.wrong("max_attempts") {
			o.bad("max_attempts", fmt.Sprintf("must be from 1 to %d", lastcall.MaxMaxAttempts))
		}
	},
	"run_at":     func(o *object, m member, s *lastcall.Submission) { s.RunAt = o.time(m) },
	"delay":      func(o *object, m member, s *lastcall.Submission) { s.Delay = o.span(m) },
	"timeout":    func(o *object, m member, s *lastcall.Submission) { s.Timeout = o.positiveSpan(m) },
	"expires_in": func(o *object, m member, s *lastcall.Submission) { s.ExpiresIn = o.positiveSpan(m) },
	"labels":     func(o *object, m member, s *lastcall.Submission) { s.Labels = o.labels(m) },
	"webhook": func(o *object, _ member, _ *lastcall.Submission) {
		o.bad("webhook", "is not supported by this version")
	},
}

// submission reads a task, and notes what is wrong with it.
func (o *object) submission() lastcall.Submission {
	var s lastcall.Submission
	for _, m := range o.members {
		read := taskFields[string(m.name)]
		switch {
		case read == nil:
			o.bad(shown(string(m.name)), "is no field of a task")
		case !isNull(m.value):
			read(o, m, &s)
		}
	}
	if s.Type == "" && !o.wrong("type") {
		o.bad("type", "is required")
	}
	return s
}

func isNull(v []byte) bool { return string(v) == "null" }

// compact takes the blanks out of an input, so that what is stored and sent many times is no longer than it must be, and
// stands on one line. What it returns may share memory with v.
func compact(v []byte) json.RawMessage {
	if !hasBlanks(v) {
		return v
	}
	b := bytes.NewBuffer(make([]byte, 0, len(v)))
	if err := json.Compact(b, v); err != nil {
		return v // not reached: v is valid
	}
	return b.Bytes()
}

// hasBlanks reports whether there are blanks between the tokens of valid JSON.
func hasBlanks(v []byte) bool {
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringEnd(v[i:]) - 1
		case ' ', '\t', '\r', '\n':
			return true
		}
	}
	return false
}

// wrong reports whether something is known to be wrong with a field.
func (o *object) wrong(name string) bool {
	for i := range o.errs {
		if o.errs[i].Field == name {
			return true
		}
	}
	return false
}

// name reads text that must not be empty, as empty stands for absent further in.
func (o *object) name(m member) string {
	s, ok := text(m.value)
	switch {
	case !ok:
		o.bad(string(m.name), "must be a string of valid text")
	case s == "":
		o.bad(string(m.name), "must not be empty")
	}
	return s
}

// whole reads a whole number, however it is written: 5, 5.0 and 5e0 are the same in JSON.
func (o *object) whole(m member) int {
	if n, err := strconv.Atoi(string(m.value)); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(m.value), 64)
	if c := m.value[0]; err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<31 || (c != '-' && (c < '0' || c > '9')) {
		o.bad(string(m.name), "must be a whole number")
		return 0
	}
	return int(f)
}

// time reads a time of RFC 3339.
func (o *object) time(m member) time.Time {
	s, ok := text(m.value)
	t, err := time.Parse(time.RFC3339Nano, s)
	if !ok || err != nil || lax(s) {
		o.bad(string(m.name), "must be a time of RFC 3339, such as 2026-01-02T03:04:05Z")
		return time.Time{}
	}
	return t
}

// lax reports whether time.Parse took what RFC 3339 does not have: an hour of one digit, a comma before the fraction,
// an offset of a day or more (go.dev/issue/54580).
func lax(s string) bool {
	const upToSecond = len("2006-01-02T15:04:05")
	zone := s[len(s)-min(len("07:00"), len(s)):]
	return s[len("2006-01-02T15")] != ':' || s[upToSecond] == ',' ||
		(s[len(s)-1] != 'Z' && (zone[:2] > "23" || zone[3:] > "59"))
}

// span reads a duration as Go writes it.
func (o *object) span(m member) time.Duration {
	s, ok := text(m.value)
	d, err := time.ParseDuration(s)
	if !ok || err != nil {
		o.bad(string(m.name), `must be a duration such as "30s", "5m" or "1h30m"`)
		return 0
	}
	return d
}

// positiveSpan is a span of more than nothing: 0 would mean "the default" or "for ever" further in, which nobody who
// writes 0s has in mind.
func (o *object) positiveSpan(m member) time.Duration {
	d := o.span(m)
	if d <= 0 && !o.wrong(string(m.name)) {
		o.bad(string(m.name), "must be more than 0s")
	}
	return d
}

func (o *object) labels(m member) map[string]string {
	if m.value[0] != '{' {
		o.bad("labels", "must be an object of strings")
		return nil
	}
	in := (&splitter{rest: m.value}).object()
	for _, e := range in.errs { // given twice, or no text
		o.bad("labels", e.Field+" "+e.Message)
	}
	if len(in.members) == 0 {
		return nil
	}
	labels := make(map[string]string, len(in.members))
	for _, l := range in.members {
		v, ok := text(l.value)
		if !ok {
			o.bad("labels."+shown(string(l.name)), "must be a string of valid text")
		}
		labels[string(l.name)] = v
	}
	return labels
}
