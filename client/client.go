package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Client acts on behalf of one client of a server. It may be used concurrently.
type Client struct {
	base     url.URL // without a slash at its end
	header   http.Header
	http     *http.Client
	patience time.Duration
	onRetry  func(err error, wait time.Duration)

	backoff lastcall.Backoff // between repeats that nobody has set a time for
	jitter  func() float64   // from [0, 1)
}

// DefaultPatience is how long a call is repeated: about as long as a server takes that is restarted with nobody beside it.
const DefaultPatience = 30 * time.Second

// nameHeader says on whose behalf a request is sent.
const nameHeader = "Lastcall-Client"

// Option is a setting of a Client.
type Option func(*Client) error

// WithName says on whose behalf the client acts: for whom its tasks run, and whose mailbox it reads. Without it the
// server takes lastcall.DefaultClient.
func WithName(name string) Option {
	return func(c *Client) error {
		if why := lastcall.DefaultLimits().CheckName(name); why != "" {
			return fmt.Errorf("client name %s", why)
		}
		c.header.Set(nameHeader, name)
		return nil
	}
}

// WithHeader sends a header with every request and every handshake, for what stands between here and the server.
func WithHeader(name, value string) Option {
	return func(c *Client) error {
		c.header.Add(name, value)
		return nil
	}
}

// WithHTTPClient sends requests and handshakes through h. A Timeout of it would also bound calls that wait.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) error {
		c.http = h
		return nil
	}
}

// WithPatience is how long a call is repeated that meets a broken connection or a server that cannot take it now;
// DefaultPatience without it. With 0 every request is sent once.
func WithPatience(d time.Duration) Option {
	return func(c *Client) error {
		if d < 0 {
			return fmt.Errorf("patience %s: must not be negative", d)
		}
		c.patience = d
		return nil
	}
}

// OnRetry calls f before each wait for another try of a call, with what went wrong. It may be called concurrently, and
// must not block for long. Readers of mailboxes say the same by their Lost messages.
func OnRetry(f func(err error, wait time.Duration)) Option {
	return func(c *Client) error {
		c.onRetry = f
		return nil
	}
}

// New returns a client of the server at an address such as http://127.0.0.1:8080, which may have a path before /v1.
// Nothing is sent yet.
func New(address string, options ...Option) (*Client, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("server address: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("server address %q: must be http://HOST:PORT or https://HOST", address)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("server address: takes no user, no query and no fragment")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	c := &Client{
		base: *u, header: http.Header{}, patience: DefaultPatience,
		onRetry: func(error, time.Duration) {},
		backoff: lastcall.Backoff{Base: 200 * time.Millisecond, Max: 10 * time.Second},
		jitter:  rand.Float64,
	}
	for _, set := range options {
		if err := set(c); err != nil {
			return nil, err
		}
	}
	if c.http == nil { // connections of its own, so that Close closes nobody else's
		c.http = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} //nolint:errcheck // it is one
	}
	return c, nil
}

// Close closes connections that are kept for later calls. Calls under way and readers are not touched: their contexts
// end them.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// url is the address of a path below the server's, escaped already.
func (c *Client) url(path string, q url.Values) string {
	u := c.base.String() + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}
