package clients_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// A server that asks for no token is within reach of every web page that its user opens. A page of another origin,
// and one whose name was made to point here, get nothing, over HTTP as over a WebSocket; and none can submit a task by a
// form, or by a request that browsers send without asking first.
func TestAForeignPageGetsNothing(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	for name, c := range map[string]struct{ header, value string }{
		"another origin":               {"Origin", "https://evil.example"},
		"another port of this machine": {"Origin", "http://127.0.0.1:1"},
		"an origin that is hidden":     {"Origin", "null"},
		"another site":                 {"Sec-Fetch-Site", "cross-site"},
		"a name that points here":      {"Host", "evil.example"},
		"a name that looks like ours":  {"Host", "localhost.evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				req, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.Addr+"/v1/tasks", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set(c.header, c.value)
				if c.header == "Host" {
					req.Host = c.value
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s got %d, want 403", method, resp.StatusCode)
				}
			}
			if status := dialAs(t, n, c.header, c.value); status != http.StatusForbidden {
				t.Errorf("a WebSocket got %d, want 403", status)
			}
		})
	}
	if status := dialAs(t, n, "Origin", "http://"+n.Addr); status != http.StatusSwitchingProtocols {
		t.Errorf("a page of the server's own got %d, want 101", status)
	}
	if status := dialAs(t, n, "Host", "localhost"); status != http.StatusSwitchingProtocols {
		t.Errorf("a client that says localhost got %d, want 101", status)
	}
}

// dialAs opens a WebSocket with the header and returns the status of the answer.
func dialAs(t *testing.T, n *lab.Node, header, value string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	o := &websocket.DialOptions{HTTPHeader: http.Header{header: {value}}, HTTPClient: &http.Client{}}
	if header == "Host" {
		o.Host = value
	}
	conn, resp, err := websocket.Dial(ctx, "ws://"+n.Addr+"/v1/ws", o)
	if resp == nil {
		t.Fatal(err)
	}
	if err == nil {
		_ = conn.CloseNow()
	}
	return resp.StatusCode
}

// G10: what a form can send is not taken for a task.
func TestOnlyJSONIsTakenForATask(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"} {
		a := n.Do(http.MethodPost, "/v1/tasks", `{"type":"echo"}`, "Content-Type: "+kind)
		if a.Code() != lastcall.CodeUnsupportedMediaType {
			t.Errorf("%s got %d %s, want 415", kind, a.Status, a.Body)
		}
	}
	var page struct{ Tasks []lastcall.Task }
	n.Do(http.MethodGet, "/v1/tasks", "").Decode(n, &page)
	if len(page.Tasks) != 0 {
		t.Errorf("%d tasks were written", len(page.Tasks))
	}
}
