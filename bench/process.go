package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// buildCommand builds lastcall as it is released.
func buildCommand(path string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/lastcall")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build lastcall: %w\n%s", err, out)
	}
	return nil
}

// loadBare starts the bare handler, loads it and kills it.
func loadBare(conns int, each time.Duration) (loaded, error) {
	self, err := os.Executable()
	if err != nil {
		return loaded{}, err
	}
	cmd := exec.Command(self, "bare")
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
	return load(strings.TrimSpace(addr), conns, each)
}

// loadOurs starts lastcall on a new file, loads it and kills it. Its single worker is kept busy by a task that lasts
// longer than the round, so that submits are measured and not the work.
func loadOurs(command, file string, conns int, each time.Duration) (loaded, error) {
	cmd := exec.Command(command, "serve", "--listen", "127.0.0.1:0", "--store", "sqlite:"+file,
		"--concurrency", "1", "--log-format", "json")
	logs, err := cmd.StderrPipe()
	if err != nil {
		return loaded{}, err
	}
	if err := cmd.Start(); err != nil {
		return loaded{}, err
	}
	defer end(cmd)
	addr, err := serving(logs)
	if err != nil {
		return loaded{}, err
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }() // ends with the process
	if err := occupy(addr); err != nil {
		return loaded{}, err
	}
	return load(addr, conns, each)
}

// serving reads the log until the address stands in it.
func serving(logs io.Reader) (string, error) {
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var l struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "serving" {
			return l.Addr, nil
		}
	}
	return "", errors.New("lastcall ended before it served")
}

// occupy gives the worker its long task and waits until it runs.
func occupy(addr string) error {
	body := `{"type":"sleep","input":{"ms":3600000,"steps":1}}`
	resp, err := http.Post("http://"+addr+"/v1/tasks", "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var task struct{ ID, Status string }
	if err := json.NewDecoder(resp.Body).Decode(&task); err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); task.Status != "running"; {
		if time.Now().After(deadline) {
			return errors.New("the worker did not take its task")
		}
		read, err := http.Get("http://" + addr + "/v1/tasks/" + task.ID)
		if err != nil {
			return err
		}
		err = json.NewDecoder(read.Body).Decode(&task)
		read.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// load runs the load in a process of its own.
func load(addr string, conns int, each time.Duration) (loaded, error) {
	self, err := os.Executable()
	if err != nil {
		return loaded{}, err
	}
	var out bytes.Buffer
	cmd := exec.Command(self, "load", "-addr", addr, "-conns", fmt.Sprint(conns), "-for", each.String())
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
