package sse

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
)

// chunk is how much is written at a time: progress is seen in steps of it.
const chunk = 32 << 10

// writer writes the lines of an event stream. What is added is sent by flush, or before it when there is much of it. The
// first error is kept, and nothing is written after it.
type writer struct {
	w    http.ResponseWriter
	st   *stream
	p    *[]byte // borrowed; nil while there is nothing to write
	last time.Time
	err  error
}

// lines are buffers on loan, of *[]byte: streams that have nothing to say hold none.
type lines struct{ pool sync.Pool }

func (l *lines) get() *[]byte {
	if p, ok := l.pool.Get().(*[]byte); ok {
		return p
	}
	return new(make([]byte, 0, 1<<10))
}

func (l *lines) put(p *[]byte) {
	if cap(*p) <= chunk {
		*p = (*p)[:0]
		l.pool.Put(p)
	}
}

// newWriter begins the answer, with what a stream needs on its way: no buffer and no cache in between, and a connection
// that ends with it.
func newWriter(w http.ResponseWriter, r *http.Request, st *stream) *writer {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx, and others that follow it
	h.Set("X-Content-Type-Options", "nosniff")
	if r.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
	rc := http.NewResponseController(w)
	st.mu.Lock()
	st.rc = rc
	st.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	return &writer{w: w, st: st, last: time.Now()}
}

// retry sets the time after which the client comes back when the stream has ended, from here on.
func (w *writer) retry(d time.Duration) {
	b := strconv.AppendInt(append(w.buffer(), "retry: "...), d.Milliseconds(), 10)
	w.put(append(b, '\n'))
}

// beat says that the stream is there.
func (w *writer) beat() { w.put(append(w.buffer(), ":\n\n"...)) }

// frame adds an event whose data is one of the frames of package frame. An id of "" leaves the client's last one.
func (w *writer) frame(id, name string, f any) {
	b := appendHead(w.buffer(), id, name)
	w.event(b, frame.Append(b, f))
}

// durable adds an event of a mailbox with the given epoch.
func (w *writer) durable(ev *lastcall.Event, epoch string) {
	b := appendHead(w.buffer(), lastcall.Cursor{Epoch: epoch, Seq: ev.Seq}.String(), string(ev.Type))
	w.event(b, frame.AppendEvent(b, ev, epoch))
}

// state adds the latest of a task.
func (w *writer) state(s *lastcall.State) {
	b := appendHead(w.buffer(), "", string(s.Type))
	w.event(b, frame.AppendState(b, s))
}

func appendHead(b []byte, id, name string) []byte {
	if id != "" {
		b = append(append(append(b, "id: "...), id...), '\n')
	}
	return append(append(append(b, "event: "...), name...), "\ndata: "...)
}

// event takes the buffer before and after the data was appended. A line ends the data, and JSON that came from outside may
// have some, between its tokens only: there a blank means the same.
func (w *writer) event(head, whole []byte) {
	for i := len(head); i < len(whole); i++ {
		if whole[i] == '\n' || whole[i] == '\r' {
			whole[i] = ' '
		}
	}
	w.put(append(whole, "\n\n"...))
}

// buffer is where to append what is to be written next; put takes it back.
func (w *writer) buffer() []byte {
	if w.p == nil {
		w.p = w.st.srv.lines.get()
	}
	return *w.p
}

func (w *writer) put(b []byte) {
	*w.p = b
	if len(b) >= chunk {
		w.send()
	}
}

// send writes what has been added.
func (w *writer) send() {
	b := *w.p
	for len(b) > 0 && w.err == nil {
		n := min(len(b), chunk)
		w.do(func() error {
			_, err := w.w.Write(b[:n])
			return err
		})
		b = b[n:]
	}
	*w.p = (*w.p)[:0]
}

// flush sends what has been added on its way to the client. Its error is that of the connection.
func (w *writer) flush() error {
	if w.p != nil {
		w.send()
		w.st.srv.lines.put(w.p)
		w.p = nil
	}
	if w.err == nil {
		w.do(w.st.rc.Flush)
	}
	w.last = time.Now()
	return w.err
}

// do does one step of writing within WriteTimeout. The deadline is lifted after it: HTTP/2 would end a stream whose
// deadline passes while nothing is written.
func (w *writer) do(step func() error) {
	w.st.stuckAt.Store(max(1, int64(time.Since(w.st.srv.start))))
	w.st.deadline(time.Now().Add(w.st.srv.opts.WriteTimeout))
	w.err = step()
	w.st.deadline(time.Time{})
	w.st.stuckAt.Store(0)
}

// deadline bounds what is written from here on, unless the stream has been cut.
func (st *stream) deadline(t time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.cut {
		_ = st.rc.SetWriteDeadline(t) // where there are none the peer has to be trusted
	}
}

// end cuts the stream: the write under way fails, and every later one.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.rc != nil {
		_ = st.rc.SetWriteDeadline(time.Now().Add(-time.Second))
		st.cut = true
	}
}

// stuck is for how long the write under way has made no progress; 0 if none is under way.
func (st *stream) stuck() time.Duration {
	if at := st.stuckAt.Load(); at != 0 {
		return time.Since(st.srv.start) - time.Duration(at)
	}
	return 0
}
