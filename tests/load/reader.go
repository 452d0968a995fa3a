package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// reader is a client on an event stream, as a browser's EventSource is: it comes back with the last id that it has seen,
// after the time that it was told in retry.
type reader struct {
	client string
	conns  int
	id     string // the last that it was told
	retry  time.Duration
}

func (r *reader) live(c *Crowd, front *lab.Node) {
	r.retry = time.Second
	for !c.over() {
		if !r.stream(c, front) || !pause(within(r.retry), c.stop) {
			return
		}
	}
}

// stream is one stream, to its end; false when the reader has no reason to come back.
func (r *reader) stream(c *Crowd, front *lab.Node) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the stream, or ends it
		select {
		case <-c.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+front.Addr+"/v1/events?client="+r.client, http.NoBody)
	if err != nil {
		c.failf(r.client, "%v", err)
		return false
	}
	req.Header.Set("Accept", "text/event-stream")
	if r.id != "" {
		req.Header.Set("Last-Event-ID", r.id)
	}
	resp, err := (&http.Client{Transport: front.Transport}).Do(req)
	if err != nil {
		return c.lostf(r.client, "the stream: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.lostf(r.client, "the stream: %d", resp.StatusCode)
	}
	c.count(&c.tally.streams)
	err = r.read(c, resp.Body)
	switch {
	case c.over():
		return false
	case err != nil:
		return c.lostf(r.client, "the stream broke off: %v", err)
	}
	c.count(&c.tally.moved)
	return true
}

// read takes down what comes, to the end of the stream; a clean one is nil.
func (r *reader) read(c *Crowd, body io.Reader) error {
	r.conns++
	conn := fmt.Sprintf("%s, stream %d", r.client, r.conns)
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	var kind, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data = value
		case "id":
			r.id = value
		case "retry":
			if ms, err := strconv.Atoi(value); err == nil {
				r.retry = time.Duration(ms) * time.Millisecond
			}
		case "":
			if lines.Text() == "" && data != "" {
				if err := r.heard(c, conn, kind, data); err != nil {
					return err
				}
				kind, data = "", ""
			}
		}
	}
	return lines.Err()
}

func (r *reader) heard(c *Crowd, conn, kind, data string) error {
	var f lab.Frame
	if err := json.Unmarshal([]byte(data), &f); err != nil {
		return fmt.Errorf("%s %q: %w", kind, data, err)
	}
	switch {
	case kind == "welcome":
		c.Log.Connected(r.client, conn, record.Cursor(f))
	case kind == "gap":
		c.Log.Gap(r.client, conn, lastcall.Gap{Why: lastcall.GapReason(f.Why), From: f.From, To: f.To, Cursor: record.Cursor(f)})
	case f.Seq > 0:
		c.heard.to(r.client, f.Seq)
		c.Log.EventSeen(r.client, conn, record.Cursor(f), record.Event(f))
	}
	return nil
}
