package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// loaded is what a load found, as JSON between the processes.
type loaded struct {
	Requests int           `json:"requests"`
	Errors   int           `json:"errors"` // anything but 202
	Elapsed  time.Duration `json:"elapsed"`
	P50      time.Duration `json:"p50"`
	P99      time.Duration `json:"p99"`
	First    string        `json:"first,omitempty"` // the first error
}

func (l loaded) perSecond() float64 { return float64(l.Requests) / l.Elapsed.Seconds() }

// payload is what is submitted.
const payload = `{"type":"echo","input":{"order":4711,"items":["a","b","c"],"note":"leave it at the door"}}`

// runLoad submits over so many keep-alive connections for so long and prints what it found. It writes HTTP by hand: a
// client that costs as much as the server would measure itself.
func runLoad(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	addr := flags.String("addr", "", "where to")
	conns := flags.Int("conns", 1, "connections")
	lasts := flags.Duration("for", time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var (
		wg      sync.WaitGroup
		results = make([]lane, *conns)
		began   = time.Now()
	)
	for i := range results {
		wg.Go(func() { results[i].drive(ctx, *addr, began.Add(*lasts)) })
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(sum(results, time.Since(began)))
}

// lane is one connection's part.
type lane struct {
	took []time.Duration
	errs int
	err  error
}

func (l *lane) drive(ctx context.Context, addr string, until time.Time) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		l.errs, l.err = 1, err
		return
	}
	defer conn.Close()
	request := fmt.Appendf(nil, "POST /v1/tasks HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		addr, len(payload), payload)
	answers := bufio.NewReader(conn)
	for at := time.Now(); at.Before(until); {
		if _, err = conn.Write(request); err == nil {
			err = readAccepted(answers)
		}
		if err != nil {
			l.errs, l.err = l.errs+1, err
			return
		}
		now := time.Now()
		l.took = append(l.took, now.Sub(at))
		at = now
	}
}

// readAccepted reads one answer and fails unless it is a 202.
func readAccepted(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 202")) {
		return errors.New(strings.TrimSpace(string(line)))
	}
	length := 0
	for {
		line, err = r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if name, v, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return err
}

// load runs the load of a round in a process of its own; anything but 202 fails it.
func (r *rig) load(ctx context.Context, addr string, conns int) (loaded, error) {
	var l loaded
	err := r.ask(ctx, &l, "load", "-addr", addr, "-conns", strconv.Itoa(conns), "-for", r.seconds.String())
	if err == nil && l.Errors > 0 {
		err = fmt.Errorf("load: %d errors, the first: %s", l.Errors, l.First)
	}
	return l, err
}

func sum(lanes []lane, elapsed time.Duration) loaded {
	out := loaded{Elapsed: elapsed}
	var took []time.Duration
	for _, l := range lanes {
		took = append(took, l.took...)
		out.Errors += l.errs
		if l.err != nil && out.First == "" {
			out.First = l.err.Error()
		}
	}
	slices.Sort(took)
	out.Requests = len(took)
	if n := len(took); n > 0 {
		out.P50, out.P99 = took[n/2], took[n*99/100]
	}
	return out
}
