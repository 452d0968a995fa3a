package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/lastcall-dev/lastcall"
)

// frame is what the demo reads of the server's frames.
type frame struct {
	T    string             `json:"t"`
	Seq  int64              `json:"seq"`
	Type lastcall.EventType `json:"type"`
	Task string             `json:"task"`
	Mode string             `json:"mode"`
}

// visitor is a person who waits for answers on a WebSocket.
type visitor struct {
	name string
	conn *websocket.Conn
}

// connect opens the client's socket and says hello.
func connect(ctx context.Context, addr, name string) (*visitor, error) {
	conn, resp, err := websocket.Dial(ctx, "ws://"+addr+"/v1/ws?client="+name,
		&websocket.DialOptions{Subprotocols: []string{"lastcall.v1"}})
	if err != nil && resp != nil {
		_ = resp.Body.Close() // the library has read what it wants of it
		return nil, &refusal{resp.StatusCode}
	}
	if err != nil {
		return nil, err
	}
	c := &visitor{name: name, conn: conn}
	if err := wsjson.Write(ctx, conn, map[string]any{"t": "hello"}); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	f, err := c.next(ctx)
	if err != nil || f.T != "welcome" {
		_ = conn.CloseNow()
		return nil, fmt.Errorf("%s was not welcomed: %q, %w", name, f.T, err)
	}
	return c, nil
}

// next waits for a frame, and answers the ones that want an answer.
func (c *visitor) next(ctx context.Context) (frame, error) {
	var f frame
	if err := wsjson.Read(ctx, c.conn, &f); err != nil {
		return f, err
	}
	if f.T == "event" {
		return f, wsjson.Write(ctx, c.conn, map[string]any{"t": "ack", "seq": f.Seq})
	}
	return f, nil
}

// refusal is a request that was answered, with a no.
type refusal struct{ status int }

func (r *refusal) Error() string { return fmt.Sprintf("refused with %d", r.status) }

// submit asks for a task of ms milliseconds on behalf of a client.
func submit(ctx context.Context, addr, name string, ms int) (id string, err error) {
	body := fmt.Sprintf(`{"type":"sleep","input":{"ms":%d,"steps":4},"client":%q}`, ms, name)
	var t lastcall.Task
	err = call(ctx, http.MethodPost, "http://"+addr+"/v1/tasks", body, &t)
	return t.ID, err
}

// queued asks how many tasks wait and run.
func queued(ctx context.Context, addr string) (waiting, running int64, err error) {
	var q struct {
		Queues []lastcall.Queue `json:"queues"`
	}
	err = call(ctx, http.MethodGet, "http://"+addr+"/v1/queues", "", &q)
	for _, one := range q.Queues {
		waiting += one.Queued + one.Scheduled
		running += one.Running
	}
	return waiting, running, err
}

// call sends a request and decodes the answer into out, unless it is nil.
func call(ctx context.Context, method, url, body string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return &refusal{resp.StatusCode}
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// cleanEnvironment is this process's environment without the settings of another node.
func cleanEnvironment() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "LASTCALL_") {
			env = append(env, kv)
		}
	}
	return env
}
