package httpapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/lease"
)

// decodeLeaseRequest reads what a worker asks for. A longer wait than there is becomes the longest.
func (a *api) decodeLeaseRequest(body []byte) (r lease.Request, err error) {
	o, err := readObject(body, lastcall.MaxDepth)
	if err != nil {
		return r, err
	}
	for _, m := range o.members {
		switch name := string(m.name); {
		case name != "types" && name != "queues" && name != "max" && name != "wait" && name != "ttl" && name != "worker":
			o.bad(shown(name), "is no field of a request for leases")
		case isNull(m.value):
		case name == "types":
			r.Types = o.names(m, &a.Limits)
		case name == "queues":
			r.Queues = o.names(m, &a.Limits)
		case name == "worker":
			if r.Worker = o.name(m); !o.wrong(name) {
				if why := a.Limits.CheckName(r.Worker); why != "" {
					o.bad(name, why)
				}
			}
		case name == "max":
			if r.Max = o.whole(m); (r.Max < 1 || r.Max > lease.MostMax) && !o.wrong(name) {
				o.bad(name, fmt.Sprintf("must be from 1 to %d", lease.MostMax))
			}
		case name == "wait":
			if r.Wait = min(o.span(m), a.Limits.Wait); r.Wait < 0 {
				o.bad(name, "must not be negative")
			}
		case name == "ttl":
			if r.TTL = o.span(m); (r.TTL < lease.LeastTTL || r.TTL > lease.MostTTL) && !o.wrong(name) {
				o.bad(name, fmt.Sprintf("must be from %s to %s", lease.LeastTTL, lease.MostTTL))
			}
		}
	}
	return r, o.err()
}

// names reads a list of names, each of which counts once.
func (o *object) names(m member, limits *lastcall.Limits) []string {
	field := string(m.name)
	if m.value[0] != '[' {
		o.bad(field, "must be a list of names")
		return nil
	}
	var names []string
	for _, v := range (&splitter{rest: m.value}).array(lease.MostNames + 1) {
		name, ok := text(v)
		why := limits.CheckName(name)
		switch {
		case !ok:
			why = "must be a string of valid text"
		case len(names) == lease.MostNames:
			why = fmt.Sprintf("must be one of at most %d", lease.MostNames)
		}
		if why != "" {
			o.bad(field, "each name "+why)
			return nil
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// word is what a worker says of a lease.
type word struct {
	token      string
	progress   *lastcall.Progress
	checkpoint []byte
	output     json.RawMessage
	failure    *lastcall.TaskError
	retryAfter *time.Duration
	permanent  bool
}

// wordReader reads a field of a word.
type wordReader map[string]func(*object, member, *word)

// The fields of each call, beside the token.
var (
	renewFields    = wordReader{"progress": readProgress, "checkpoint": readCheckpoint}
	completeFields = wordReader{"output": func(_ *object, m member, w *word) { w.output = compact(m.value) }}
	failFields     = wordReader{
		"error": readFailure, "retry_after": readRetryAfter,
		"permanent": func(o *object, m member, w *word) {
			if w.permanent = string(m.value) == "true"; !w.permanent && string(m.value) != "false" {
				o.bad("permanent", "must be true or false")
			}
		},
	}
	releaseFields = wordReader{"checkpoint": readCheckpoint, "retry_after": readRetryAfter}
)

// slack is what a body may hold beside an output or a checkpoint.
const slack = 64 << 10

// readWord reads the body of a call about a lease. It may be twice as long as what it carries may be, so that most
// outputs that are too long end their task with a word about it, and not the worker with a 413.
func (c *call) readWord(fields wordReader) (w word, err error) {
	if _, err := c.api.readParams(c, "client"); err != nil {
		return w, err
	}
	limits := &c.api.Limits
	body, err := c.readBody(max(limits.Body, slack+2*int64(max(limits.Output, limits.Checkpoint))))
	if err != nil {
		return w, err
	}
	if w, err = decodeWord(body, fields); err != nil {
		return w, err
	}
	if limits.CheckName(c.name) != "" { // no id at all: nobody holds that
		return w, lastcall.Errorf(lastcall.CodeLeaseLost, "there is no such lease")
	}
	return w, nil
}

// decodeWord reads a word of such fields.
func decodeWord(body []byte, fields wordReader) (w word, err error) {
	o, err := readObject(body, lastcall.MaxDepth)
	if err != nil {
		return w, err
	}
	for _, m := range o.members {
		read := fields[string(m.name)]
		switch {
		case string(m.name) == "token":
			w.token = o.name(m)
		case read == nil:
			o.bad(shown(string(m.name)), "is no field of this call")
		case !isNull(m.value):
			read(o, m, &w)
		}
	}
	if w.token == "" && !o.wrong("token") {
		o.bad("token", "is required")
	}
	if fields["error"] != nil && w.failure == nil && !o.wrong("error") {
		o.bad("error", "is required")
	}
	return w, o.err()
}

func readCheckpoint(_ *object, m member, w *word) { w.checkpoint = compact(m.value) }

func readRetryAfter(o *object, m member, w *word) {
	d := o.span(m)
	if (d < 0 || d > lastcall.MaxDelay) && !o.wrong("retry_after") {
		o.bad("retry_after", fmt.Sprintf("must be from 0s to %s", lastcall.MaxDelay))
	}
	w.retryAfter = &d
}

func readProgress(o *object, m member, w *word) {
	in := o.inner(m, "percent", "message")
	p := &lastcall.Progress{}
	given := false
	for _, m := range in {
		switch {
		case string(m.name) == "message":
			p.Message = o.words("progress.message", m)
		default:
			given = true
			f, err := strconv.ParseFloat(string(m.value), 64)
			if err != nil || m.value[0] == '"' {
				o.bad("progress.percent", "must be a number")
			}
			p.Percent = f
		}
	}
	if !given && !o.wrong("progress") {
		o.bad("progress.percent", "is required")
	}
	w.progress = p
}

func readFailure(o *object, m member, w *word) {
	w.failure = &lastcall.TaskError{}
	for _, m := range o.inner(m, "code", "message", "detail") {
		switch string(m.name) {
		case "code":
			w.failure.Code = o.words("error.code", m)
		case "message":
			w.failure.Message = o.words("error.message", m)
		default:
			w.failure.Detail = compact(m.value)
		}
	}
}

// inner reads an object within the body that has the given fields only. Those that are null are left out.
func (o *object) inner(m member, known ...string) (given []member) {
	of := string(m.name)
	if m.value[0] != '{' {
		o.bad(of, "must be an object")
		return nil
	}
	in := (&splitter{rest: m.value}).object()
	for _, e := range in.errs { // given twice, or no text
		o.bad(of, e.Field+" "+e.Message)
	}
	for _, m := range in.members {
		switch {
		case !slices.Contains(known, string(m.name)):
			o.bad(of+"."+shown(string(m.name)), "is no field of it")
		case !isNull(m.value):
			given = append(given, m)
		}
	}
	return given
}

// words reads text, which may be empty.
func (o *object) words(field string, m member) string {
	s, ok := text(m.value)
	if !ok {
		o.bad(field, "must be a string of valid text")
	}
	return s
}
