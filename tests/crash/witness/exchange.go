package witness

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
)

// exchange is a request with its answer.
type exchange struct {
	request *http.Request
	sent    []byte
	status  int
	header  http.Header
	body    []byte
	asked   int // line at which the last byte of the request had been read
	told    int // line at which the first byte of the answer began to leave
}

// reader reads a stream and knows how far it has come.
type reader struct {
	all  *bytes.Reader
	buf  *bufio.Reader
	size int
}

func (s *Stream) reader() *reader {
	all := bytes.NewReader(s.Bytes)
	return &reader{all, bufio.NewReader(all), len(s.Bytes)}
}

func (r *reader) offset() int { return r.size - r.all.Len() - r.buf.Buffered() }

// exchanges are those of a connection that went to their end, and, if the last one made it a WebSocket, what followed on
// the way out. HTTP/1.1 answers in the order of the requests, so that the two streams are read in step.
func (c *Conversation) exchanges() (all []exchange, upgraded *reader) {
	in, out := c.In.reader(), c.Out.reader()
	for {
		var e exchange
		var err error
		if e.request, err = http.ReadRequest(in.buf); err != nil {
			return all, nil // the connection's end, or no HTTP at all
		}
		if e.sent, err = io.ReadAll(e.request.Body); err != nil {
			return all, nil
		}
		begin := out.offset()
		resp, err := http.ReadResponse(out.buf, e.request)
		if err != nil {
			return all, nil // it was never answered
		}
		e.body, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close() // of a buffer
		if err != nil {
			return all, nil // nor this one, in full
		}
		e.status, e.header = resp.StatusCode, resp.Header
		e.asked, e.told = c.In.carrier(in.offset()-1).Ended, c.Out.carrier(begin).Began
		all = append(all, e)
		if e.status == http.StatusSwitchingProtocols {
			return all, out
		}
	}
}
