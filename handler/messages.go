package handler

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// message is a line that a command writes to file descriptor 3.
type message struct {
	Progress *struct {
		Percent float64 `json:"percent"`
		Message string  `json:"message"`
	} `json:"progress"`
	Checkpoint json.RawMessage `json:"checkpoint"`
}

// maxNotes is how many bad lines are noted: a command that does not know what file descriptor 3 is must not flood its
// own log.
const maxNotes = 10

// maxLine bounds a line: the largest checkpoint by default, and room for what stands around it. A node with a smaller
// limit refuses what is over that.
func maxLine() int { return lastcall.DefaultLimits().Checkpoint + 4<<10 }

// readMessages reads them to the end. Checkpoints are written beside it, the latest at a time, so that a command that
// writes many is not slowed down and does not hold up its own end.
func (c *child) readMessages(r io.Reader) {
	latest := make(chan json.RawMessage, 1)
	var saver sync.WaitGroup
	saver.Go(func() { c.saveAll(latest) }) // ends when latest is closed
	defer saver.Wait()
	defer close(latest)
	notes := 0
	for in := bufio.NewReaderSize(r, 64<<10); ; {
		line, err := readLine(in, maxLine())
		if err != nil && !errors.Is(err, errLong) {
			return
		}
		if err == nil {
			err = c.hear(line, latest)
		}
		if err != nil && notes < maxNotes {
			notes++
			c.notef("file descriptor 3: %v", err)
		}
	}
}

// hear takes one line.
func (c *child) hear(line []byte, latest chan json.RawMessage) error {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return fmt.Errorf("a line is no message: %w", err)
	}
	if m.Progress == nil && m.Checkpoint == nil {
		return errors.New("a line has neither progress nor checkpoint")
	}
	if m.Progress != nil {
		c.run.Progress(m.Progress.Percent, m.Progress.Message)
	}
	if m.Checkpoint != nil {
		select {
		case <-latest: // not yet written, and overtaken
		default:
		}
		latest <- m.Checkpoint // there is room: nobody else writes to it
	}
	return nil
}

func (c *child) saveAll(latest <-chan json.RawMessage) {
	for data := range latest {
		if err := c.run.Checkpoint(data); err != nil {
			c.notef("a checkpoint was not kept: %v", err)
		}
	}
}

// notef writes a line of our own into the run's log.
func (c *child) notef(format string, args ...any) {
	_, _ = fmt.Fprintf(c.run.Log(), "lastcall: "+format+"\n", args...)
}

var errLong = errors.New("a line is too long to be a message")

// readLine reads a line without its end; the last one need not have one. Of a line that is longer than most nothing
// stays, and errLong says so.
func readLine(in *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > most+1; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(line) == 0 && !long:
			return nil, err
		case long:
			return nil, errLong
		}
		return trimEnd(line), nil
	}
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
}
