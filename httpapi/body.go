package httpapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// readBody reads the whole body, which must be JSON by its Content-Type. An empty body is an error too.
func (c *call) readBody(limit int64) ([]byte, error) {
	if err := jsonBody(c.r.Header); err != nil {
		return nil, err
	}
	body, err := c.readAll(limit)
	if err == nil && len(body) == 0 {
		return nil, invalid(field("body", "is empty; it must be a JSON object"))
	}
	return body, err
}

// noBody is for calls that take none: nothing at all or {} will do.
func (c *call) noBody() error {
	if c.r.ContentLength == 0 {
		return nil
	}
	body, err := c.readAll(c.api.Limits.Body)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := jsonBody(c.r.Header); err != nil {
		return err
	}
	o, err := readObject(body, lastcall.MaxDepth)
	if err != nil {
		return err
	}
	for _, m := range o.members {
		o.bad(shown(string(m.name)), "is no field of this call, which takes none")
	}
	return o.err()
}

func (c *call) readAll(limit int64) ([]byte, error) {
	if c.r.ContentLength > limit {
		c.w.Header().Set("Connection", "close") // what is on its way is not worth reading
		return nil, errTooLarge
	}
	if c.r.ContentLength < 0 || c.r.ContentLength > maxTrusted {
		body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
		return body, c.notWhole(err)
	}
	// The http.Server gives as many bytes as were announced, or an error.
	body := make([]byte, c.r.ContentLength)
	_, err := io.ReadFull(c.r.Body, body)
	return body, c.notWhole(err)
}

// maxTrusted is the longest body for which there is room before it comes: anyone can announce a long one.
const maxTrusted = 1 << 20

// notWhole says why a body did not arrive, if it did not.
func (c *call) notWhole(err error) error {
	if err == nil {
		c.arrived()
		return nil
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.w.Header().Set("Connection", "close")
		return invalid(field("body", "took too long to arrive"))
	}
	return invalid(field("body", "did not arrive whole"))
}

var errTooLarge = lastcall.Errorf(lastcall.CodeTooLarge, "the body is larger than this server takes")

// jsonBody refuses what is not declared as JSON in UTF-8. Pages of other origins cannot declare that without asking
// first (it is no CORS-safelisted type), so this is also part of what keeps them out.
func jsonBody(h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return lastcall.Errorf(lastcall.CodeUnsupportedMediaType, "the body must not have a Content-Encoding")
	}
	declared := h.Get("Content-Type")
	if declared == applicationJSON {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(declared)
	charset := params["charset"]
	if err != nil || mediaType != applicationJSON || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return lastcall.Errorf(lastcall.CodeUnsupportedMediaType, "the Content-Type must be application/json, in UTF-8")
	}
	return nil
}
