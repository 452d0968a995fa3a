package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// The other side of the comparison: a handler of net/http that decodes the same JSON and answers the same JSON, and
// stores nothing. It is what a submit would cost if durability, checks and the queue were free.

type bareSubmit struct {
	Type  string          `json:"type"`
	Input json.RawMessage `json:"input"`
}

type bareTask struct {
	ID                string            `json:"id"`
	Type              string            `json:"type"`
	Queue             string            `json:"queue"`
	Client            string            `json:"client"`
	Status            string            `json:"status"`
	Done              bool              `json:"done"`
	Input             json.RawMessage   `json:"input"`
	Output            json.RawMessage   `json:"output"`
	Error             *struct{}         `json:"error"`
	Progress          *struct{}         `json:"progress"`
	Run               int64             `json:"run"`
	Attempt           int               `json:"attempt"`
	MaxAttempts       int               `json:"max_attempts"`
	Crashes           int               `json:"crashes"`
	Interruptions     int               `json:"interruptions"`
	Priority          int               `json:"priority"`
	Labels            map[string]string `json:"labels"`
	CreatedAt         time.Time         `json:"created_at"`
	RunAt             time.Time         `json:"run_at"`
	StartedAt         *time.Time        `json:"started_at"`
	FinishedAt        *time.Time        `json:"finished_at"`
	ExpiresAt         *time.Time        `json:"expires_at"`
	CancelRequestedAt *time.Time        `json:"cancel_requested_at"`
	Node              *string           `json:"node"`
	RetryOf           *string           `json:"retry_of"`
	URLs              map[string]string `json:"urls"`
}

// serveBare says where it listens and serves until it is killed.
func serveBare(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	return http.Serve(ln, http.HandlerFunc(bare)) //nolint:gosec // a yardstick on loopback, killed after the round
}

func bare(w http.ResponseWriter, r *http.Request) {
	var in bareSubmit
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now().UTC()
	const id = "01a203ab-db62-7133-8bfc-99d38fc3f7c0"
	body, err := json.Marshal(bareTask{
		ID: id, Type: in.Type, Queue: "default", Client: "anonymous", Status: "queued", Input: in.Input,
		MaxAttempts: 5, Labels: map[string]string{}, CreatedAt: now, RunAt: now,
		URLs: map[string]string{"self": "/v1/tasks/" + id, "cancel": "/v1/tasks/" + id + "/cancel"},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", "/v1/tasks/"+id)
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(body) // the load is gone when the round is over
}
