package worker

import (
	"io"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Log takes what the run has to say.
func (r *run) Log() io.Writer { return logWriter{r} }

// logWriter writes to its run's tail, and has the saver know of it.
type logWriter struct{ r *run }

func (w logWriter) Write(p []byte) (int, error) {
	w.r.tail.write(p)
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if !w.r.over {
		w.r.stir()
	}
	return len(p), nil
}

// tail is the last of what was written, lastcall.MaxLog bytes at most.
type tail struct {
	mu    sync.Mutex
	bytes []byte // up to twice as much is held, so that not every write moves all of it
	fresh bool   // written to since it was last taken
	taken time.Time
}

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh = t.fresh || len(p) > 0
	t.bytes = append(t.bytes, p[max(0, len(p)-lastcall.MaxLog):]...)
	if len(t.bytes) > 2*lastcall.MaxLog {
		t.bytes = append(t.bytes[:0], t.bytes[len(t.bytes)-lastcall.MaxLog:]...)
	}
}

// all is what is to be kept; nil if nothing was written.
func (t *tail) all() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.copied()
}

func (t *tail) copied() []byte {
	if t.bytes == nil {
		return nil
	}
	return append([]byte{}, t.bytes[max(0, len(t.bytes)-lastcall.MaxLog):]...)
}

// news is what is to be kept, if there is something new and it is not too soon to write it again; else wait is how long
// that takes, 0 if nothing is new.
func (t *tail) news(now time.Time) (kept []byte, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.fresh {
		return nil, 0
	}
	if wait := t.taken.Add(logEvery).Sub(now); wait > 0 {
		return nil, wait
	}
	t.fresh, t.taken = false, now
	return t.copied(), 0
}
