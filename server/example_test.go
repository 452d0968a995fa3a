package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// A whole program: one type of task, one submit that waits for its end, and a drain.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	srv, err := server.New(server.Options{
		Listen: "127.0.0.1:0", // a free port
		Store:  "sqlite:" + filepath.Join(dir, "lastcall.db"),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	lastcall.Handle(srv, "greet", func(_ context.Context, name string) (string, error) {
		return "hello, " + name, nil
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	drained := make(chan error, 1)
	go func() { drained <- srv.Run(ctx) }() // ends with ctx, or by a signal

	req, _ := http.NewRequest(http.MethodPost, "http://"+srv.Addr().String()+"/v1/tasks",
		bytes.NewReader([]byte(`{"type":"greet","input":"world"}`)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", "wait=10")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var task lastcall.Task
	if err := json.NewDecoder(resp.Body).Decode(&task); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Status, string(task.Output))

	stop() // as SIGTERM would
	fmt.Println("drained:", <-drained)
	// Output:
	// succeeded "hello, world"
	// drained: <nil>
}
