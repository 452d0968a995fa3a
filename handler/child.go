package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler/internal/spawn"
)

// child is a command under way. Its pipes have a goroutine each, which end when the pipes do: see waits for them all.
type child struct {
	tree *spawn.Tree
	run  lastcall.Run
	late bool // it began after the early word

	// Each is one goroutine's until see returns.
	out        output
	said       tail // on standard error
	notified   bool // it was sent the early word
	terminated bool // it was sent SIGTERM
}

// leftovers is how long after the command's end its pipes are still read. What it wrote is there at once; only a pipe
// that has been passed on to a process outside holds it up.
const leftovers = time.Second

// see feeds the command, listens to it, and minds it until nothing is left of it.
func (c *child) see(ctx context.Context, input []byte, h *execHandler) (spawn.End, error) {
	defer c.tree.Close()
	over := make(chan struct{})
	var minder, pipes sync.WaitGroup
	minder.Go(func() { c.mind(ctx, over, h) })
	pipes.Go(func() { c.feed(input) })
	pipes.Go(c.listen)
	pipes.Go(c.keepLog)
	pipes.Go(func() {
		hearing(c.run, "file descriptor 3", func(e *ear) { e.readMessages(c.tree.Messages) })
	})
	end, err := c.tree.Wait()
	close(over)
	minder.Wait()
	// Nobody is left who could read or write. On an end that has been passed on, neither is waited for.
	c.tree.Stdin.Close()
	for _, f := range []*os.File{c.tree.Stdout, c.tree.Stderr, c.tree.Messages} {
		_ = f.SetReadDeadline(time.Now().Add(leftovers))
	}
	pipes.Wait()
	return end, err
}

// mind passes on to the command what its run is told.
func (c *child) mind(ctx context.Context, over <-chan struct{}, h *execHandler) {
	early := c.run.Draining()
	if !h.Notify || c.late {
		early = nil
	}
	for {
		select {
		case <-over:
			return
		case <-early:
			early, c.notified = nil, true
			c.tree.Tell(spawn.Notify)
			continue
		case <-ctx.Done():
		}
		break
	}
	c.terminated = true
	c.tree.Tell(spawn.Terminate)
	patience := time.NewTimer(h.patience())
	defer patience.Stop()
	select {
	case <-over:
	case <-patience.C:
		c.tree.Tell(spawn.Kill)
	}
}

// feed writes the input. A command need not read it.
func (c *child) feed(input []byte) {
	_, _ = c.tree.Stdin.Write(input)
	c.tree.Stdin.Close()
}

// listen reads the output, and kills the command as soon as that is too much: whatever else it may write is of no use.
func (c *child) listen() {
	_ = c.out.readFrom(c.tree.Stdout) // what came before an error is what there is
	if c.out.over {
		c.tree.Tell(spawn.Kill)
	}
}

func (c *child) keepLog() {
	_, _ = io.Copy(io.MultiWriter(c.run.Log(), &c.said), c.tree.Stderr)
}

// What a command says by its exit code, from sysexits.h.
const (
	exitDataError = 65
	exitTempFail  = 75
)

// end is what came of the command.
func (c *child) end(end spawn.End, err error) (json.RawMessage, error) {
	switch {
	case c.out.over:
		return nil, c.out.tooLarge()
	case err != nil:
		return nil, err
	case end.OK():
		return c.out.json()
	}
	err = c.failure(end)
	switch {
	case end.Code == exitDataError:
		return nil, lastcall.Permanent(err)
	case end.Code == exitTempFail, c.interrupted(end):
		return nil, lastcall.GiveBack(err, 0)
	}
	return nil, err
}

// interrupted reports whether it was not the command's own doing that it has ended, but that of a deploy (G4). Who dies
// of the early word was not ready for it yet, or never is. And a SIGTERM that is not the node's comes from who stops all
// of a service at once, or the host: that the node was told too is not asked, since it may hear so later than the command
// was dead.
func (c *child) interrupted(end spawn.End) bool {
	if end.Signal == spawn.NotifySignal && c.notified {
		return true
	}
	return !c.terminated && (end.Interrupted || end.Signal == syscall.SIGTERM)
}

// failure says why a command failed: in its own words on standard output, or else by its end and its last words on
// standard error.
func (c *child) failure(end spawn.End) error {
	if own := ownError(c.out.bytes); own != nil {
		return own
	}
	how := fmt.Sprintf("the command ended with exit code %d", end.Code)
	if end.Signal != 0 {
		how = fmt.Sprintf("the command was killed by %s", signalName(end.Signal))
	}
	if last := c.said.lastLines(); last != "" {
		how += ": " + last
	}
	return errors.New(how)
}

func signalName(s syscall.Signal) string { return fmt.Sprintf("signal %d (%v)", int(s), s) }
