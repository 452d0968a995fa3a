package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// buildCommand builds lastcall of a checkout as it is released.
func buildCommand(ctx context.Context, checkout, path string) error {
	cmd := child(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/lastcall")
	cmd.Dir = checkout
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build lastcall: %w\n%s", err, out)
	}
	return nil
}

// node is lastcall, serving.
type node struct {
	cmd   *exec.Cmd
	addr  string
	began time.Time // of its process
}

// serve starts lastcall on a store; the caller ends it.
func serve(ctx context.Context, command, store string, more ...string) (*node, error) {
	return serveUnder(ctx, nil, command, store, more...)
}

// serveUnder starts lastcall under another program, which stands first on the command line.
func serveUnder(ctx context.Context, tracer []string, command, store string, more ...string) (*node, error) {
	args := append([]string{command, "serve", "--listen", "127.0.0.1:0", "--store", store, "--log-format", "json"}, more...)
	args = append(slices.Clip(tracer), args...)
	cmd := child(ctx, args[0], args[1:]...)
	logs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	n := &node{cmd: cmd, began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(logs)
	if n.addr, err = serving(lines); err != nil {
		end(cmd)
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }() // ends with the process
	return n, nil
}

// serving reads the log until the address stands in it.
func serving(lines *bufio.Scanner) (string, error) {
	last := ""
	for lines.Scan() {
		var l struct {
			Msg  string `json:"msg"`
			Addr string `json:"addr"`
		}
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "serving" {
			return l.Addr, nil
		}
		last = lines.Text()
	}
	return "", errors.New("lastcall ended before it served; it said last: " + last)
}

func (n *node) end() { end(n.cmd) }

// task is what is read of one.
type task struct {
	ID         string     `json:"id"`
	Status     string     `json:"status"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// occupy gives a node a task that lasts so long and waits until it runs.
func (n *node) occupy(ctx context.Context, lasts time.Duration) (task, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errors.New("the worker did not take its task"))
	defer cancel()
	var t task
	err := n.call(ctx, http.MethodPost, "/v1/tasks", fmt.Sprintf(`{"type":"sleep","input":{"ms":%d,"steps":1}}`, lasts.Milliseconds()), &t)
	for err == nil && t.Status != "running" {
		if err = wait(ctx, time.Millisecond); err == nil {
			err = n.call(ctx, http.MethodGet, "/v1/tasks/"+t.ID, "", &t)
		}
	}
	return t, err
}

// call asks a node something and decodes its answer into answer, unless that is nil.
func (n *node) call(ctx context.Context, method, path, body string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.addr+path, strings.NewReader(body))
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
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // as far as it came
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, why)
	}
	if answer == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
