package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

func TestOnLoopbackOnlyLoopbackNamesAreAnswered(t *testing.T) {
	f := setUp(t)
	for host, good := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LocalHost:1": true, "localhost.": true, "localhost.:8080": true,
		"127.0.0.1": true, "127.0.0.1:8080": true, "127.1.2.3:8080": true, "[::1]": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:80": true,
		"": false, "example.com": false, "evil.example:8080": false, "localhost.evil.example": false, "evil-localhost": false,
		"127.0.0.1.evil.example": false, "128.0.0.1": false, "0.0.0.0:8080": false, "[::]:8080": false, "::1": true,
		"10.0.0.1:8080": false, "[fe80::1]": false, "localhost:8080:1": false, "[localhost]": true, "2130706433": false, "0x7f.1": false,
	} {
		a := f.ask("GET", "/v1/queues", "", "Host: "+host)
		if good {
			a.wants(http.StatusOK)
		} else {
			a.refused(lastcall.CodeForbidden)
		}
	}
	elsewhere := setUp(t, func(o *Options) { o.Loopback = false })
	elsewhere.ask("GET", "/v1/queues", "", "Host: lastcall.internal").wants(http.StatusOK)
}

func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	f := setUp(t)
	handshake := []string{
		"Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	for _, c := range []struct {
		why     string
		headers []string
		good    bool
	}{
		{"no browser", nil, true},
		{"its own page", []string{"Origin: http://localhost:8080", "Sec-Fetch-Site: same-origin"}, true},
		{"its own page behind TLS", []string{"Origin: https://localhost:8080"}, true},
		{"typed by hand", []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"}, true},
		{"another site", []string{"Origin: https://evil.example"}, false},
		{"another port", []string{"Origin: http://localhost:3000", "Sec-Fetch-Site: same-site"}, false},
		{"another name of this machine", []string{"Origin: http://127.0.0.1:8080"}, false},
		{"a file or a sandbox", []string{"Origin: null"}, false},
		{"an extension", []string{"Origin: chrome-extension://localhost:8080"}, false},
		{"no origin at all", []string{"Origin: ://"}, false},
		{"a picture on another site", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"}, false},
		{"a picture on another port", []string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"}, false},
		{"a word nobody knows", []string{"Sec-Fetch-Site: sideways"}, false},
		{"its own, says one header", []string{"Origin: https://evil.example", "Sec-Fetch-Site: same-origin"}, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			f.t = t
			calls := map[string]*answer{
				"a read":   f.ask("GET", "/v1/queues", "", c.headers...),
				"a submit": f.ask("POST", "/v1/tasks", `{"type":"echo"}`, c.headers...),
				"a drain":  f.ask("POST", "/v1/drain", "", c.headers...),
				"nothing":  f.ask("GET", "/nothing", "", c.headers...),
				"a socket": f.ask("GET", "/v1/ws", "", append(handshake, c.headers...)...),
			}
			for name, a := range calls {
				if refused := a.status == http.StatusForbidden; refused == c.good {
					t.Errorf("%s is answered with %d", name, a.status)
				}
				if !c.good {
					a.refused(lastcall.CodeForbidden)
				}
				if v := a.header.Get("Access-Control-Allow-Origin"); v != "" {
					t.Errorf("%s may be read by %s", name, v)
				}
			}
		})
	}
}

// What is not /v1 is guarded too: a page that can read /readyz knows that there is something to attack.
func TestEveryPathIsGuarded(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	for _, c := range calls() {
		path := strings.NewReplacer("{id}", "0190-0001", "{queue}", "default").Replace(c.Path)
		f.ask(c.Method, path, "", "Host: evil.example").refused(lastcall.CodeForbidden)
	}
	f.ask("GET", "/", "", "Host: evil.example").refused(lastcall.CodeForbidden)
}

func TestALinkFromElsewhereMayBeFollowed(t *testing.T) {
	f := setUp(t)
	link := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	f.ask("GET", "/", "", link...).wants(http.StatusOK)
	f.ask("POST", "/v1/drain", "", link...).refused(lastcall.CodeForbidden)
	f.ask("GET", "/", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe").refused(lastcall.CodeForbidden)
	if f.drain.Told() {
		t.Error("a form on another site stopped the node")
	}
}

func TestAHandshakeIsHandedOverWithWhoItIs(t *testing.T) {
	f := setUp(t)
	good := []string{
		"Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	f.ask("GET", "/v1/ws?client=alice", "", good...).wants(http.StatusSwitchingProtocols)
	f.ask("GET", "/v1/ws", "", append(good, "Lastcall-Client: bob")...).wants(http.StatusSwitchingProtocols)
	if len(f.sockets.came) != 2 || f.sockets.came[0].Client != "alice" || f.sockets.came[1].Client != "bob" {
		t.Errorf("there came %v", f.sockets.came)
	}
	for i := range good {
		without := append(append([]string{}, good[:i]...), good[i+1:]...)
		a := f.ask("GET", "/v1/ws", "", without...)
		a.refused(lastcall.CodeInvalidRequest)
		if a.header.Get("Sec-WebSocket-Version") != "13" {
			t.Error("the version to use is not said")
		}
	}
	f.ask("GET", "/v1/ws", "", append(good[:3:3], "Sec-WebSocket-Key: short")...).refused(lastcall.CodeInvalidRequest)
	f.drain.Start("SIGTERM")
	f.drain.refusing.Store(true)
	f.ask("GET", "/v1/ws", "", good...).refused(lastcall.CodeDraining)
	if f.drain.refused.Load() != 1 || len(f.sockets.came) != 2 {
		t.Errorf("%d were refused, %v came", f.drain.refused.Load(), f.sockets.came)
	}
}
