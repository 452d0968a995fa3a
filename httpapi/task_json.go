package httpapi

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// taskPath and an id are where a task is found. Addresses in answers are paths: behind a proxy the server does not know
// by which name it was reached, and the client does.
const taskPath = "/v1/tasks/"

// answerTask answers with a task.
func (c *call) answerTask(status int, t *lastcall.Task) {
	b := borrow()
	defer b.giveBack()
	b.task(t)
	c.answer(status, typeJSON, b.bytes)
}

// buffer is where an answer is written before it is sent. Tasks are written by hand, as encoding/json would check and
// copy every input and output once more on the way out, which was most of the time of a submit; a test holds the two
// to the same meaning.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return &buffer{bytes: make([]byte, 0, 2048)} }}

// maxKept bounds the memory that idle buffers hold on to.
const maxKept = 64 << 10

func borrow() *buffer {
	b := buffers.Get().(*buffer) //nolint:errcheck // nothing else is ever put in
	b.bytes = b.bytes[:0]
	return b
}

// giveBack returns the buffer for the next answer. What was taken from it must not be used any more.
func (b *buffer) giveBack() {
	if cap(b.bytes) <= maxKept {
		buffers.Put(b)
	}
}

// task writes a task: its own JSON, with done and urls, and every field always there.
func (b *buffer) task(t *lastcall.Task) {
	b.raw(`{"id":`).text(t.ID)
	b.raw(`,"type":`).text(t.Type)
	b.raw(`,"queue":`).text(t.Queue)
	b.raw(`,"client":`).text(t.Client)
	b.raw(`,"status":`).text(string(t.Status))
	b.raw(`,"done":`).bool(t.Status.Done())
	b.raw(`,"input":`).json(t.Input)
	b.raw(`,"output":`).json(t.Output)
	b.raw(`,"error":`).value(t.Error, t.Error == nil)
	b.raw(`,"progress":`).value(t.Progress, t.Progress == nil)
	b.raw(`,"run":`).int(t.Run)
	b.raw(`,"attempt":`).int(int64(t.Attempt))
	b.raw(`,"max_attempts":`).int(int64(t.MaxAttempts))
	b.raw(`,"crashes":`).int(int64(t.Crashes))
	b.raw(`,"interruptions":`).int(int64(t.Interruptions))
	b.raw(`,"priority":`).int(int64(t.Priority))
	b.raw(`,"labels":`).labels(t.Labels)
	b.raw(`,"created_at":`).time(&t.CreatedAt)
	b.raw(`,"run_at":`).time(&t.RunAt)
	b.raw(`,"started_at":`).time(t.StartedAt)
	b.raw(`,"finished_at":`).time(t.FinishedAt)
	b.raw(`,"expires_at":`).time(t.ExpiresAt)
	b.raw(`,"cancel_requested_at":`).time(t.CancelRequestedAt)
	b.raw(`,"node":`).optional(&t.Node)
	b.raw(`,"retry_of":`).optional(t.RetryOf)
	b.raw(`,"urls":{"self":"` + taskPath).raw(t.ID)
	b.raw(`","events":"` + taskPath).raw(t.ID)
	b.raw(`/events","cancel":"` + taskPath).raw(t.ID)
	b.raw(`/cancel"}}`)
}

func (b *buffer) raw(s string) *buffer {
	b.bytes = append(b.bytes, s...)
	return b
}

func (b *buffer) int(n int64) { b.bytes = strconv.AppendInt(b.bytes, n, 10) }

func (b *buffer) bool(v bool) { b.bytes = strconv.AppendBool(b.bytes, v) }

// json writes JSON that was checked when it came in; nothing is null.
func (b *buffer) json(v json.RawMessage) {
	if len(v) == 0 {
		b.raw("null")
		return
	}
	b.bytes = append(b.bytes, v...)
}

// value writes what is rarely there by way of encoding/json.
func (b *buffer) value(v any, none bool) {
	if none {
		b.raw("null")
		return
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err) // a float that is no number, or a detail that is no JSON: the store's mistake, answered as internal
	}
	b.bytes = append(b.bytes, encoded...)
}

func (b *buffer) labels(v map[string]string) {
	if len(v) == 0 {
		b.raw("{}")
		return
	}
	b.value(v, false)
}

func (b *buffer) time(t *time.Time) {
	if t == nil {
		b.raw("null")
		return
	}
	b.raw(`"`)
	b.bytes = t.UTC().AppendFormat(b.bytes, time.RFC3339Nano)
	b.raw(`"`)
}

// optional writes text, null if there is none.
func (b *buffer) optional(s *string) {
	if s == nil || *s == "" {
		b.raw("null")
		return
	}
	b.text(*s)
}

// text writes a string. Names are nearly always plain, and plain ones need no escaping.
func (b *buffer) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b.value(s, false)
			return
		}
	}
	b.raw(`"`).raw(s).raw(`"`)
}
