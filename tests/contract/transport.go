package contract

import (
	"bytes"
	"io"
	"net/http"

	"github.com/lastcall-dev/lastcall/tests/exchange"
)

// Transport is next with every exchange held against the contract; report is told of each that breaks it, on the
// goroutine of the request. Bodies are read whole; a WebSocket is looked at up to its 101.
func (c *Contract) Transport(next http.RoundTripper, report func(error)) http.RoundTripper {
	return transport{c, next, report}
}

type transport struct {
	contract *Contract
	next     http.RoundTripper
	report   func(error)
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	e := &exchange.Exchange{Method: r.Method, URL: r.URL.RequestURI(), Header: r.Header.Clone()}
	r = r.Clone(r.Context())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		e.Body, r.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	e.Status, e.AnswerHeader = resp.StatusCode, resp.Header
	if resp.StatusCode != http.StatusSwitchingProtocols {
		e.Answer, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(e.Answer))
	}
	if err := t.contract.Check(e); err != nil {
		t.report(err)
	}
	return resp, nil
}
