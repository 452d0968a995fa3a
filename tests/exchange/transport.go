package exchange

import (
	"bytes"
	"io"
	"net/http"
	"os"
)

// Transport is next with every exchange noted.
func Transport(next http.RoundTripper) http.RoundTripper {
	if os.Getenv(Directory) == "" {
		return next
	}
	return transport{next}
}

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	e := begin(r)
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	e.Status, e.AnswerHeader = resp.StatusCode, resp.Header
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, e.note()
	}
	e.Answer, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(e.Answer))
	return resp, e.note()
}
