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

// message is a line that a command writes to file descriptor 3, or a service into its answer.
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

// ear hears the messages of a handler, line by line.
type ear struct {
	run    lastcall.Run
	place  string // where the lines come from, for the log
	latest chan json.RawMessage
	notes  int
}

// hearing lends read an ear. Checkpoints are written beside it, the latest at a time, so that a handler that writes many
// is not slowed down and does not hold up its own end; the last one is written when it returns.
func hearing(run lastcall.Run, place string, read func(e *ear)) {
	e := &ear{run: run, place: place, latest: make(chan json.RawMessage, 1)}
	var saver sync.WaitGroup
	saver.Go(e.saveAll) // ends when latest is closed
	defer saver.Wait()
	defer close(e.latest)
	read(e)
}

// readMessages reads messages to the end.
func (e *ear) readMessages(r io.Reader) {
	for in := bufio.NewReaderSize(r, 64<<10); ; {
		line, err := readLine(in, maxLine())
		if err != nil && !errors.Is(err, errLong) {
			return
		}
		if err == nil {
			var m message
			if err = decodeLine(line, &m); err == nil {
				err = e.hear(&m)
			}
		}
		if err != nil {
			e.complain(err)
		}
	}
}

// decodeLine decodes a line.
func decodeLine(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("a line is no message: %w", err)
	}
	return nil
}

// hear takes one message.
func (e *ear) hear(m *message) error {
	if isNull(m.Checkpoint) { // it must not take the place of one that says something
		m.Checkpoint = nil
	}
	if m.Progress == nil && m.Checkpoint == nil {
		return errors.New("a line has neither progress nor checkpoint")
	}
	if m.Progress != nil {
		e.run.Progress(m.Progress.Percent, m.Progress.Message)
	}
	if m.Checkpoint != nil {
		select {
		case <-e.latest: // not yet written, and overtaken
		default:
		}
		e.latest <- m.Checkpoint // there is room: nobody else writes to it
	}
	return nil
}

// isNull reports whether a member was given, as null.
func isNull(v json.RawMessage) bool { return string(v) == "null" }

func (e *ear) saveAll() {
	for data := range e.latest {
		if err := e.run.Checkpoint(data); err != nil {
			notef(e.run, "a checkpoint was not kept: %v", err)
		}
	}
}

// complain notes a line that is of no use, unless there were many.
func (e *ear) complain(err error) {
	if e.notes++; e.notes <= maxNotes {
		notef(e.run, "%s: %v", e.place, err)
	}
}

// notef writes a line of our own into the run's log.
func notef(run lastcall.Run, format string, args ...any) {
	_, _ = fmt.Fprintf(run.Log(), "lastcall: "+format+"\n", args...)
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
