package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is a process that a part starts. What it starts in turn is in its process group, which ends as a whole: with end,
// or with ctx, as when the run is interrupted.
func child(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second // pipes that somebody still holds
	return cmd
}

// end kills a child that was started, with all its group, and waits until it is gone.
func end(cmd *exec.Cmd) {
	_ = cmd.Cancel() // gone already
	_ = cmd.Wait()
}

// self is this program as one of its other selves; what it complains about is seen.
func self(ctx context.Context, args ...string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := child(ctx, path, args...)
	cmd.Env = append(os.Environ(), selfEnv+"=1")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// selfEnv tells a test binary that it was started as one of the program's other selves.
const selfEnv = "LASTCALL_BENCH_SELF"

// ask runs this program as one of its other selves to its end, and decodes what that has found into found.
func (r *rig) ask(ctx context.Context, found any, args ...string) error {
	cmd, err := self(ctx, args...)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := json.Unmarshal(out.Bytes(), found); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}

// helper is one of the program's other selves that says when it is ready, goes on until it is told to stop, and then says
// what it has found.
type helper struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	ready string // what it said
}

// startHelper starts one and waits for its first line.
func startHelper(ctx context.Context, args ...string) (*helper, error) {
	cmd, err := self(ctx, args...)
	if err != nil {
		return nil, err
	}
	h := &helper{name: args[0], cmd: cmd}
	if h.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h.out = bufio.NewReader(out)
	line, err := h.out.ReadString('\n')
	if err != nil {
		end(cmd)
		return nil, fmt.Errorf("start %s: %w", h.name, err)
	}
	h.ready = strings.TrimSpace(line)
	return h, nil
}

// stop tells it to stop, and decodes what it has found.
func (h *helper) stop(found any) error {
	if err := h.in.Close(); err != nil {
		return err
	}
	return h.await(found)
}

// await decodes what it has found, once it is done by itself.
func (h *helper) await(found any) error {
	if err := json.NewDecoder(h.out).Decode(found); err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return nil
}

func (h *helper) end() { end(h.cmd) }
