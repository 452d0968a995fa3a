package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// heard is what a paced load found, as JSON between the processes.
type heard struct {
	Waits []waits `json:"waits"` // one list for each thing that was timed
	Lost  int     `json:"lost"`  // never heard of
	Error string  `json:"error,omitempty"`
}

// The load warms up for a second before it counts: connections are opened, statements prepared.
const warmUp = time.Second

// notified is the load of submits whose clients wait for the result on a WebSocket.
type notified struct {
	addr    string
	clients int

	mu       sync.Mutex
	began    []time.Time // by number of the submit
	accepted waits
	notified waits
	open     int           // submits whose result has not come
	first    error         // what went wrong first
	all      chan struct{} // closed when the last result has come
	skip     int           // that do not count
}

// runNotified submits at a steady rate, one request a task, and measures from just before each submit until the event with
// its result is read from its client's WebSocket.
func runNotified(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("notified", flag.ExitOnError)
	addr := flags.String("addr", "", "where to")
	rate := flags.Int("rate", 300, "submits a second")
	lasts := flags.Duration("for", time.Second, "how long, after the warm-up")
	clients := flags.Int("clients", 10, "clients, each with a WebSocket")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	skip := int(warmUp.Seconds() * float64(*rate))
	count := skip + int(lasts.Seconds()*float64(*rate))
	n := &notified{
		addr: *addr, clients: *clients, skip: skip, open: count,
		began: make([]time.Time, count), all: make(chan struct{}),
	}
	var readers sync.WaitGroup
	for c := range *clients {
		conn, err := n.connect(ctx, clientName(c))
		if err != nil {
			return err
		}
		readers.Go(func() { n.read(ctx, conn) }) // ends with ctx
	}
	if err := paceOut(ctx, *rate, count, func(i int) { n.fail(n.submit(ctx, i)) }); err != nil {
		return err
	}
	select {
	case <-n.all:
	case <-time.After(10 * time.Second):
	}
	cancel()
	readers.Wait()
	return json.NewEncoder(os.Stdout).Encode(n.found())
}

func clientName(i int) string { return fmt.Sprintf("client-%d", i) }

// connect opens a client's WebSocket and waits for its welcome.
func (n *notified) connect(ctx context.Context, client string) (*websocket.Conn, error) {
	conn, resp, err := websocket.Dial(ctx, "ws://"+n.addr+"/v1/ws?client="+client,
		&websocket.DialOptions{Subprotocols: []string{"lastcall.v1"}})
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return nil, fmt.Errorf("connect %s: %w", client, err)
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"t":"hello"}`)); err != nil {
		return nil, err
	}
	_, frame, err := conn.Read(ctx)
	if err == nil && !strings.Contains(string(frame), `"welcome"`) {
		err = fmt.Errorf("connect %s: no welcome but %s", client, frame)
	}
	return conn, err
}

// submit sends the i-th task, whose input comes back as its output and says which it was.
func (n *notified) submit(ctx context.Context, i int) error {
	body := fmt.Sprintf(`{"type":"echo","client":%q,"input":{"n":%d}}`, clientName(i%n.clients), i)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+n.addr+"/v1/tasks", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	n.mu.Lock()
	n.began[i] = began
	n.mu.Unlock()
	resp, err := paced.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return errors.New(resp.Status)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i >= n.skip {
		n.accepted = append(n.accepted, time.Since(began))
	}
	return nil
}

// paced keeps the connections of a paced load open.
var paced = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// read takes in a client's events until ctx ends.
func (n *notified) read(ctx context.Context, conn *websocket.Conn) {
	defer func() { _ = conn.CloseNow() }()
	for {
		_, data, err := conn.Read(ctx)
		now := time.Now()
		if err != nil {
			if ctx.Err() == nil {
				n.fail(err)
			}
			return
		}
		var f struct {
			T    string `json:"t"`
			Type string `json:"type"`
			Data struct {
				Output struct {
					N int `json:"n"`
				} `json:"output"`
			} `json:"data"`
		}
		if err := json.Unmarshal(data, &f); err != nil {
			n.fail(err)
			return
		}
		if f.T == "event" && f.Type == "task.succeeded" {
			n.arrived(f.Data.Output.N, now)
		}
	}
}

func (n *notified) arrived(i int, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i >= n.skip {
		n.notified = append(n.notified, now.Sub(n.began[i]))
	}
	if n.open--; n.open == 0 {
		close(n.all)
	}
}

func (n *notified) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil && n.first == nil {
		n.first = err
	}
}

func (n *notified) found() heard {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := heard{Waits: []waits{n.accepted, n.notified}, Lost: n.open}
	if n.first != nil {
		h.Error = n.first.Error()
	}
	return h
}
