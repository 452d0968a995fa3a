package httpapi

import (
	"fmt"

	"github.com/lastcall-dev/lastcall"
)

// keyField is what a task of a batch has in place of the header.
const keyField = "idempotency_key"

// batchDepth is how much deeper a task stands in a batch than in a body of its own: what one takes the other takes.
const batchDepth = 2

// decodeBatch reads the body of a batch and cuts it into its tasks, 1 to most, which decodeItem reads.
func decodeBatch(body []byte, most int) ([][]byte, error) {
	o, err := readObject(body, lastcall.MaxDepth+batchDepth)
	if err != nil {
		return nil, err
	}
	var items [][]byte
	given := false
	for _, m := range o.members {
		switch {
		case string(m.name) != "tasks":
			o.bad(shown(string(m.name)), "is no field of a batch")
		case isNull(m.value):
		case m.value[0] != '[':
			o.bad("tasks", "must be a list of tasks")
		default:
			given = true
			items = (&splitter{rest: m.value}).array(most + 1)
		}
	}
	switch {
	case given && (len(items) == 0 || len(items) > most):
		o.bad("tasks", fmt.Sprintf("must hold 1 to %d tasks", most))
	case !given && !o.wrong("tasks"):
		o.bad("tasks", "is required")
	}
	return items, o.err()
}

// decodeItem reads one task of a batch: what the body of a submit holds, and perhaps a key.
func decodeItem(item []byte, who Identity) (s lastcall.Submission, errs []lastcall.FieldError) {
	if item[0] != '{' {
		return s, []lastcall.FieldError{field("tasks", "must hold objects only")}
	}
	o := (&splitter{rest: item}).object()
	var key string
	for i, m := range o.members {
		if string(m.name) != keyField {
			continue
		}
		if !isNull(m.value) {
			key = o.name(m)
		}
		o.members = append(o.members[:i], o.members[i+1:]...)
		break
	}
	s = o.submission()
	if key != "" && o.errs == nil {
		s.Idempotency = keyOf(&s, key, who)
	}
	return s, o.errs
}

// array cuts an array into its elements, at most so many of them.
func (s *splitter) array(most int) [][]byte {
	var all [][]byte
	s.rest = s.rest[1:] // [
	for len(all) < most {
		s.skipBlanks()
		switch s.rest[0] {
		case ']':
			return all
		case ',':
			s.rest = s.rest[1:]
		default:
			all = append(all, s.value())
		}
	}
	return all
}
