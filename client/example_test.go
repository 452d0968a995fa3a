package client_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

func Example() { //nolint:testableexamples // it needs a server
	ctx := context.Background()
	c, err := client.New("http://127.0.0.1:8080", client.WithName("alice"))
	if err != nil {
		slog.Error("make a client", "error", err)
		return
	}
	defer c.Close()
	done, err := c.Submit(ctx, lastcall.Submission{Type: "render", Input: []byte(`{"page":7}`)})
	if err != nil {
		slog.Error("submit", "error", err)
		return
	}
	task, err := c.Wait(ctx, done.Task.ID) // however many servers come and go
	fmt.Println(task.Status, string(task.Output), err)
}

func ExampleClient_Events() { //nolint:testableexamples // it needs a server
	ctx := context.Background()
	c, err := client.New("http://127.0.0.1:8080", client.WithName("alice"))
	if err != nil {
		slog.Error("make a client", "error", err)
		return
	}
	defer c.Close()
	var saved lastcall.Cursor // of the last event that is known, if one is
	for m, err := range c.Events(ctx, client.EventOptions{After: saved}) {
		if err != nil {
			slog.Error("events", "error", err, "cursor", saved.String()) // ctx has ended, or the server does not want this client
			return
		}
		switch m := m.(type) {
		case client.Event:
			fmt.Println(m.Type, m.Task, string(m.Data))
			saved = m.Cursor
		case client.Gap:
			fmt.Println("events can no longer be had; look at the tasks themselves")
		}
	}
}
