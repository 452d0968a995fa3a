package handler

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// streamType is the media type of an answer that tells how the work goes while it goes on: a line of JSON for each thing
// that there is to say, the last of which is the outcome.
//
//	{"progress":{"percent":42,"message":"…"}}            as a command says it on file descriptor 3
//	{"checkpoint":ANY}                                   likewise
//	{"output":ANY}                                       it succeeded
//	{"error":{"code","message","detail"},"permanent":true,"retry_after":"30s"}     it failed; the last two as need be
//	{"release":true,"retry_after":"30s"}                 handed back at no cost
//
// Those are the words of the lease calls of a worker outside, and as there a null says nothing: a service may write every
// member on every line. But for {"output":null}, as null is an output; beside an error or a release it is none. What follows
// the outcome is not read. An answer that ends without one was cut off, however it ended: over HTTP/1.0 that is all that
// there is to see of a service that has died.
const streamType = "application/x-ndjson"

// streams reports whether an answer comes line by line.
func streams(resp *http.Response) bool {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && kind == streamType && resp.StatusCode/100 == 2
}

// line is one line of it.
type line struct {
	message

	Output     json.RawMessage `json:"output"`
	Error      json.RawMessage `json:"error"`
	Release    bool            `json:"release"`
	Permanent  bool            `json:"permanent"`
	RetryAfter string          `json:"retry_after"` // as in "30s"; "" leaves it to the type
}

// dropNulls takes out what stands on the line and says nothing.
func (l *line) dropNulls() {
	if isNull(l.Error) {
		l.Error = nil
	}
	if (l.Error != nil || l.Release) && isNull(l.Output) {
		l.Output = nil
	}
}

// stream reads an answer to its outcome.
func (h *httpHandler) stream(ctx context.Context, run lastcall.Run, body io.Reader) (out json.RawMessage, err error) {
	hearing(run, "the answer", func(e *ear) { out, err = h.readLines(ctx, e, bufio.NewReader(body)) })
	return out, err
}

func (h *httpHandler) readLines(ctx context.Context, e *ear, in *bufio.Reader) (json.RawMessage, error) {
	most := max(maxLine(), h.most+4<<10) // the largest output, and room for what stands around it
	for {
		text, err := readLine(in, most)
		switch {
		case errors.Is(err, errLong): // the one thing that may be so long and still be meant
			return nil, (&output{most: h.most}).tooLarge()
		case errors.Is(err, io.EOF):
			return nil, unreached(ctx, errors.New("the answer ended without an outcome"))
		case err != nil:
			return nil, unreached(ctx, fmt.Errorf("the answer was cut off: %w", err))
		case len(bytes.TrimSpace(text)) == 0:
			continue // a sign of life
		}
		var l line
		if err := decodeLine(text, &l); err != nil {
			e.complain(err)
			continue
		}
		l.dropNulls()
		if l.Output != nil || l.Error != nil || l.Release {
			return h.end(e, &l, text)
		}
		if err := e.hear(&l.message); err != nil {
			e.complain(err)
		}
	}
}

// end is the outcome that a line says. A checkpoint that stands on the same line is kept for whom it is of use to.
func (h *httpHandler) end(e *ear, l *line, text []byte) (json.RawMessage, error) {
	if l.Output != nil {
		o := output{most: h.most, bytes: l.Output, over: len(l.Output) > h.most}
		if o.over {
			return nil, o.tooLarge()
		}
		return o.json()
	}
	if l.Checkpoint != nil || l.Progress != nil {
		_ = e.hear(&l.message) // it has one of them
	}
	wait, asked := e.wait(l.RetryAfter)
	if l.Release {
		return nil, lastcall.GiveBack(errors.New("the handler released it"), wait)
	}
	notef(e.run, "the handler ended with %s", text)
	var err error = &lastcall.TaskError{Code: lastcall.FailureError, Message: "the handler said that it failed"}
	if own := ownError(text); own != nil {
		err = own
	}
	switch {
	case l.Permanent:
		err = lastcall.Permanent(err)
	case asked:
		err = lastcall.RetryAfter(err, wait)
	}
	return nil, err
}

// wait is what a retry_after asks for, if it does.
func (e *ear) wait(text string) (d time.Duration, asked bool) {
	if text == "" {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		e.complain(fmt.Errorf("retry_after: %w", err))
		return 0, false
	}
	return min(max(d, 0), longestWait), true
}
