package handler

import (
	"bytes"
	"strings"
)

// tail keeps the last of what is written to it.
type tail struct{ bytes []byte }

const (
	maxTail  = 1 << 10 // bytes: what a message about a failure may carry
	maxLines = 3
)

func (t *tail) Write(p []byte) (int, error) {
	t.bytes = append(t.bytes, p[max(0, len(p)-maxTail):]...)
	if over := len(t.bytes) - maxTail; over > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[over:]...)
	}
	return len(p), nil
}

// lastLines are the last lines with something on them, as text.
func (t *tail) lastLines() string {
	lines := bytes.Split(bytes.TrimSpace(t.bytes), []byte("\n"))
	lines = lines[max(0, len(lines)-maxLines):]
	return strings.ToValidUTF8(string(bytes.Join(lines, []byte("\n"))), "")
}
