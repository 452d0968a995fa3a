package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// buildCommand builds lastcall as it is released.
func buildCommand(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./cmd/lastcall")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build lastcall: %w\n%s", err, out)
	}
	return nil
}

// loadBare starts the bare handler, loads it and kills it.
func loadBare(ctx context.Context, conns int, each time.Duration) (loaded, error) {
	self, err := os.Executable()
	if err != nil {
		return loaded{}, err
	}
	cmd := exec.CommandContext(ctx, self, "bare")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return loaded{}, err
	}
	if err := cmd.Start(); err != nil {
		return loaded{}, err
	}
	defer end(cmd)
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return loaded{}, fmt.Errorf("start the bare handler: %w", err)
	}
	return load(ctx, strings.TrimSpace(addr), conns, each)
}

// loadOurs starts lastcall on a new file, loads it and kills it. Its single worker is kept busy by a task that lasts
// longer than the round, so that submits are measured and not the work.
func loadOurs(ctx context.Context, command, file string, conns int, each time.Duration) (loaded, error) {
	cmd, addr, err := serve(ctx, command, "sqlite:"+file, "--concurrency", "1")
	if err != nil {
		return loaded{}, err
	}
	defer end(cmd)
	if err := occupy(ctx, addr); err != nil {
		return loaded{}, err
	}
	return load(ctx, addr, conns, each)
}

// serve starts lastcall on a store and returns where it serves; the caller ends it.
func serve(ctx context.Context, command, store string, more ...string) (*exec.Cmd, string, error) {
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--store", store, "--log-format", "json"}, more...)
	cmd := exec.CommandContext(ctx, command, args...)
	logs, err := cmd.StderrPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	addr, err := serving(logs)
	if err != nil {
		end(cmd)
		return nil, "", err
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }() // ends with the process
	return cmd, addr, nil
}

// serving reads the log until the address stands in it.
func serving(logs io.Reader) (string, error) {
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var l struct {
			Msg  string `json:"msg"`
			Addr string `json:"addr"`
		}
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "serving" {
			return l.Addr, nil
		}
	}
	return "", errors.New("lastcall ended before it served")
}

// task is what is read of one.
type task struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// occupy gives the worker its long task and waits until it runs.
func occupy(ctx context.Context, addr string) error {
	long, err := ask(ctx, http.MethodPost, "http://"+addr+"/v1/tasks", `{"type":"sleep","input":{"ms":3600000,"steps":1}}`)
	for deadline := time.Now().Add(10 * time.Second); err == nil && long.Status != "running"; {
		if time.Now().After(deadline) {
			return errors.New("the worker did not take its task")
		}
		long, err = ask(ctx, http.MethodGet, "http://"+addr+"/v1/tasks/"+long.ID, "")
	}
	return err
}

func ask(ctx context.Context, method, url, body string) (t task, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return t, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return t, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&t)
	return t, err
}

// load runs the load in a process of its own.
func load(ctx context.Context, addr string, conns int, each time.Duration) (loaded, error) {
	self, err := os.Executable()
	if err != nil {
		return loaded{}, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "load", "-addr", addr, "-conns", strconv.Itoa(conns), "-for", each.String())
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return loaded{}, fmt.Errorf("load: %w", err)
	}
	var l loaded
	if err := json.Unmarshal(out.Bytes(), &l); err != nil {
		return loaded{}, fmt.Errorf("load: %w", err)
	}
	if l.Errors > 0 {
		return l, fmt.Errorf("load: %d errors, the first: %s", l.Errors, l.First)
	}
	return l, nil
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
