package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// narrator writes what happens as it happens, each line with its time since the beginning.
type narrator struct {
	began time.Time

	mu sync.Mutex
	w  io.Writer
}

func newNarrator(w io.Writer) *narrator { return &narrator{w: w, began: time.Now()} }

// sayf writes one line. Who is the column that it stands in.
func (n *narrator) sayf(who, format string, args ...any) {
	at := time.Since(n.began).Seconds()
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.w, "%6.2fs  %-7s %s\n", at, who, fmt.Sprintf(format, args...))
}

// plainf writes lines without a time.
func (n *narrator) plainf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.w, format+"\n", args...)
}
