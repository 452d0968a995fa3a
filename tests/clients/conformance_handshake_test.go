package clients_test

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// handshake is a request for a WebSocket and its answer: a change to one that is in order, line by line.
type handshake struct {
	section string // of RFC 6455
	what    string
	without string   // the line that begins so is left out
	with    []string // lines that are put in
	status  int
}

const requestLine = "GET /v1/ws?client=mallory HTTP/1.1"

// inOrder are the lines of a good request, with the key of the RFC's own example.
var inOrder = []string{
	requestLine, "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
	"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
}

// acceptKey is the answer to it (RFC 6455, 1.3).
const acceptKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

func handshakes() []handshake {
	const yes, bad = http.StatusSwitchingProtocols, http.StatusBadRequest
	return []handshake{
		{"4.2.2", "in order", "", nil, yes},
		{"4.1", "POST", "GET", []string{"POST /v1/ws HTTP/1.1"}, http.StatusMethodNotAllowed},
		{"4.1", "HTTP/1.0", "GET", []string{"GET /v1/ws HTTP/1.0"}, bad},
		{"4.1", "no Host", "Host", nil, bad},
		{"4.1", "two Hosts", "", []string{"Host: 127.0.0.1"}, bad},
		{"4.1", "a Host that is not this machine", "Host", []string{"Host: example.com"}, http.StatusForbidden},
		{"4.2.1", "an Origin of another site", "", []string{"Origin: https://example.com"}, http.StatusForbidden},
		{"4.2.1", "an Origin of its own", "", []string{"Origin: http://localhost"}, yes},
		{"4.2.1", "no Connection", "Connection", nil, bad},
		{"4.2.1", "Connection says something else", "Connection", []string{"Connection: keep-alive"}, bad},
		{"4.2.1", "Connection is a list, in any case", "Connection", []string{"Connection: keep-alive, UPGRADE"}, yes},
		{"4.2.1", "Connection in two lines", "", []string{"Connection: keep-alive"}, yes},
		{"4.2.1", "no Upgrade", "Upgrade", nil, bad},
		{"4.2.1", "Upgrade says something else", "Upgrade", []string{"Upgrade: h2c"}, bad},
		{"4.2.1", "Upgrade is a list, in any case", "Upgrade", []string{"Upgrade: h2c, WebSocket"}, yes},
		{"4.2.1", "no Sec-WebSocket-Key", "Sec-WebSocket-Key", nil, bad},
		{"4.2.1", "an empty Sec-WebSocket-Key", "Sec-WebSocket-Key", []string{"Sec-WebSocket-Key:"}, bad},
		{"4.2.1", "a Sec-WebSocket-Key of 15 bytes", "Sec-WebSocket-Key", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"}, bad},
		{"4.2.1", "a Sec-WebSocket-Key of 17 bytes", "Sec-WebSocket-Key", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="}, bad},
		{"4.2.1", "a Sec-WebSocket-Key that is not base64", "Sec-WebSocket-Key", []string{"Sec-WebSocket-Key: ====AAAAAAAAAAAAAAAAAA=="}, bad},
		{"11.3.1", "two Sec-WebSocket-Keys", "", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}, bad},
		{"4.4", "no Sec-WebSocket-Version", "Sec-WebSocket-Version", nil, bad},
		{"4.4", "Sec-WebSocket-Version 8", "Sec-WebSocket-Version", []string{"Sec-WebSocket-Version: 8"}, bad},
		{"4.4", "Sec-WebSocket-Version 14", "Sec-WebSocket-Version", []string{"Sec-WebSocket-Version: 14"}, bad},
		{"4.4", "Sec-WebSocket-Version is a list", "Sec-WebSocket-Version", []string{"Sec-WebSocket-Version: 13, 8"}, bad},
		{"11.3.5", "two Sec-WebSocket-Versions", "", []string{"Sec-WebSocket-Version: 8"}, bad},
		{"4.2.2", "our subprotocol", "", []string{"Sec-WebSocket-Protocol: lastcall.v1"}, yes},
		{"4.2.2", "our subprotocol among others", "", []string{"Sec-WebSocket-Protocol: x, lastcall.v1 ,y"}, yes},
		{
			"11.3.4", "our subprotocol in the second of two lines", "",
			[]string{"Sec-WebSocket-Protocol: x", "Sec-WebSocket-Protocol: lastcall.v1"},
			yes,
		},
		{"4.2.2", "another subprotocol", "", []string{"Sec-WebSocket-Protocol: mqtt"}, bad},
		{"4.1", "our subprotocol in capitals, which is another", "", []string{"Sec-WebSocket-Protocol: LASTCALL.V1"}, bad},
		{
			"9.1", "extensions are offered, and none is taken", "",
			[]string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x"},
			yes,
		},
		{"9.1", "extensions that make no sense", "", []string{"Sec-WebSocket-Extensions: ;;,="}, yes},
	}
}

func TestTheHandshakeConformsToRFC6455(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	for _, h := range handshakes() {
		t.Run(fmt.Sprintf("RFC 6455 %s: %s", h.section, h.what), func(t *testing.T) {
			t.Parallel()
			c := connect(t, n)
			resp := c.ask(t, h.lines())
			defer resp.Body.Close()
			if resp.StatusCode != h.status {
				t.Fatalf("answered %s, want %d", resp.Status, h.status)
			}
			if h.status == http.StatusSwitchingProtocols {
				h.open(t, c, resp)
			} else if h.section == "4.4" && resp.Header.Get("Sec-WebSocket-Version") != "13" {
				t.Errorf("the refusal does not say which version is spoken: %v", resp.Header)
			}
		})
	}
}

// lines are the request.
func (h *handshake) lines() string {
	lines := slices.Clone(inOrder)
	at := len(lines)
	if h.without != "" {
		at = slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, h.without) })
		lines = slices.Delete(lines, at, at+1)
	}
	return strings.Join(slices.Insert(lines, at, h.with...), "\r\n") + "\r\n\r\n"
}

// ask sends a request and reads the answer's head.
func (c *raw) ask(t *testing.T, request string) *http.Response {
	t.Helper()
	if err := c.say("%s", request); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// open checks the answer of a server that has let the client in (4.2.2), and that it serves it.
func (h *handshake) open(t *testing.T, c *raw, resp *http.Response) {
	t.Helper()
	offered := slices.ContainsFunc(h.with, func(l string) bool { return strings.Contains(l, "Protocol:") })
	for name, want := range map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": acceptKey,
		"Sec-WebSocket-Protocol":   map[bool]string{true: "lastcall.v1"}[offered],
		"Sec-WebSocket-Extensions": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, err := c.Write(text(bye)); err != nil {
		t.Fatal(err)
	}
	if heard := c.hear(); !slices.Equal(heard, wellServed) {
		t.Errorf("then it heard %q", heard)
	}
}

// RFC 6455 4.1: a client waits for the answer before it sends a frame. One that does not is told so in HTTP: a proxy
// between may not have let it in, and then its frames would be requests.
func TestFramesRightBehindAHandshakeAreRefused(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	c := connect(t, n)
	h := handshake{}
	resp := c.ask(t, h.lines()+string(text(bye)))
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || !resp.Close {
		t.Errorf("answered %s, closing %t", resp.Status, resp.Close)
	}
	if _, err := bufio.NewReader(resp.Body).ReadString(0); err == nil {
		t.Error("something follows")
	}
}
