package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// crowd is many clients, each with a WebSocket.
type crowd struct {
	want    int           // results
	all     chan struct{} // closed when there are as many
	readers sync.WaitGroup

	mu    sync.Mutex
	took  waits // from an event's time until it was read
	last  time.Time
	first error
}

// crowded is what a crowd has found, as JSON between the processes.
type crowded struct {
	Took  waits     `json:"took"`
	Last  time.Time `json:"last"`            // when the last result was read
	Error string    `json:"error,omitempty"` // of the first socket that ended before its time
}

// openCrowd starts so many clients in a process of their own and returns when all are connected; some of them are silent:
// they read nothing any more. The caller ends it.
func openCrowd(ctx context.Context, addr string, sockets, silent, want int) (*helper, error) {
	if err := filesFor(sockets); err != nil {
		return nil, err
	}
	return startHelper(ctx, "crowd", "-addr", addr, "-sockets", strconv.Itoa(sockets),
		"-silent", strconv.Itoa(silent), "-want", strconv.Itoa(want))
}

// filesFor fails where a process may not have so many connections open.
func filesFor(sockets int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	return filesOf(limit.Max, sockets)
}

// filesOf fails where so many descriptors are not enough for the sockets, and what else a process has open.
func filesOf(limit uint64, sockets int) error {
	if need := uint64(sockets) + 500; limit < need {
		return fmt.Errorf("%d sockets need %d file descriptors a process, and this machine allows %d (ulimit -Hn)", sockets, need, limit)
	}
	return nil
}

// runCrowd connects, says ready, and reads until its standard input ends, or until every client has as many results as are
// wanted; then it prints what it has found.
func runCrowd(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("crowd", flag.ExitOnError)
	addr := flags.String("addr", "", "where to")
	count := flags.Int("sockets", 1, "clients, each with a WebSocket")
	silent := flags.Int("silent", 0, "how many of them read nothing once they are welcome")
	want := flags.Int("want", 0, "results after which it ends; 0: with its standard input")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := crowd{want: *want, all: make(chan struct{})}
	sockets, err := c.connect(ctx, *addr, *count, *silent)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	stdin := make(chan struct{})
	go func() { // ends with the process at the latest
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(stdin)
	}()
	select {
	case <-stdin:
	case <-c.all:
	case <-ctx.Done():
	}
	found := c.found()
	for _, s := range sockets {
		_ = s.conn.Close()
	}
	c.readers.Wait()
	return json.NewEncoder(os.Stdout).Encode(found)
}

// connect opens the sockets, some at a time. Each is read from then on, as who waits for the others would miss the server's
// pings; the first, who are silent, are not.
func (c *crowd) connect(ctx context.Context, addr string, count, silent int) ([]*socket, error) {
	sockets := make([]*socket, count)
	failed := make([]error, count)
	var wg sync.WaitGroup
	free := make(chan struct{}, 32)
	for i := range sockets {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			sockets[i], failed[i] = openSocket(ctx, addr, clientName(i))
			if failed[i] == nil && i >= silent {
				c.readers.Go(func() { c.read(sockets[i]) }) // ends with its connection
			}
		})
	}
	wg.Wait()
	return sockets, firstOf(failed...)
}

// read takes in one client's results.
func (c *crowd) read(s *socket) {
	defer s.conn.Close()
	for {
		frame, err := s.read()
		now := time.Now()
		if err != nil {
			c.fail(err)
			return
		}
		var f struct {
			T    string    `json:"t"`
			Type string    `json:"type"`
			At   time.Time `json:"at"`
		}
		if err := json.Unmarshal(frame, &f); err != nil {
			c.fail(err)
			return
		}
		if f.T == "event" && f.Type == "task.succeeded" && c.note(now, now.Sub(f.At)) == c.want {
			close(c.all)
		}
	}
}

// note keeps a result and returns how many there are.
func (c *crowd) note(now time.Time, took time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took, c.last = append(c.took, took), now
	return len(c.took)
}

func (c *crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = firstOf(c.first, err)
}

func (c *crowd) found() crowded {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := crowded{Took: c.took, Last: c.last}
	if c.first != nil && !errors.Is(c.first, io.EOF) {
		found.Error = c.first.Error()
	}
	return found
}
