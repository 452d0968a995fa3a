package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

const (
	// maxLine bounds a task in a file.
	maxLine = 8 << 20
	// batchBytes is how many bytes of lines go into one batch at most, under what a server takes at a time (16 MiB).
	batchBytes = 8 << 20
)

// submitBatch submits the lines of a file, batch by batch, and then waits for all of them if it is asked to.
func (f *submitFlags) submitBatch(ctx context.Context, s *session) error {
	if err := f.batchAlone(s); err != nil {
		return usageError{err}
	}
	in, err := openInput(f.batch, s.cmd.InOrStdin())
	if err != nil {
		return usageError{err}
	}
	defer in.Close()
	wait := s.cmd.Flags().Changed("wait")
	lines := &batchReader{lines: bufio.NewScanner(in)}
	lines.lines.Buffer(nil, maxLine)
	var ids []string
	for {
		batch, err := lines.next()
		if err != nil {
			s.accepted(len(ids))
			return usageError{fmt.Errorf("%s: %w", f.batch, err)}
		}
		if len(batch.tasks) == 0 {
			break
		}
		tasks, err := s.submitLines(ctx, batch)
		if err != nil {
			s.accepted(len(ids))
			return err
		}
		for _, t := range tasks {
			ids = append(ids, t.ID)
			if err := s.submitted(t, wait); err != nil {
				return err
			}
		}
	}
	if !wait {
		return nil
	}
	return s.attendAll(ctx, ids, f.wait)
}

// submitLines submits a batch. What is wrong with one of it is said of its line.
func (s *session) submitLines(ctx context.Context, b batch) ([]lastcall.Task, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	tasks, err := s.api.SubmitBatch(ctx, b.tasks)
	if e, ok := errors.AsType[*lastcall.Error](err); ok {
		for i, f := range e.Fields {
			if f.Item != nil && *f.Item < len(b.lines) {
				e.Fields[i].Item = &b.lines[*f.Item]
			}
		}
	}
	return tasks, err
}

// submitted writes what is known of a task that has been accepted. Who waits on a terminal is shown its end only.
func (s *session) submitted(t lastcall.Task, wait bool) error {
	switch {
	case s.json || (wait && !s.onTerminal()):
		return s.out.line(newTaskLine(t))
	case !wait:
		fmt.Fprintln(s.out, t.ID)
	}
	return nil
}

// accepted says how far a file was taken before it went wrong.
func (s *session) accepted(n int) {
	if n > 0 {
		s.notef("The first %d tasks of the file have been accepted; what follows here was not.", n)
	}
}

// batchAlone refuses what a file of tasks says for each by itself.
func (f *submitFlags) batchAlone(s *session) error {
	if len(s.args) > 0 {
		return fmt.Errorf("submit --batch takes no %q: the lines of the file have a type and an input each", s.args[0])
	}
	var own error
	s.cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "queue", "priority", "delay", "run-at", "expires-in", "max-attempts", "task-timeout", "label", "idempotency-key":
			own = fmt.Errorf("--%s goes with one task; with --batch each line says it for itself", flag.Name)
		}
	})
	return own
}

func openInput(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(name)
}

// batch is what is submitted at a time, and in which line of the file each stands.
type batch struct {
	tasks []lastcall.Submission
	lines []int
}

// batchReader makes batches of lines. Empty lines are passed over.
type batchReader struct {
	lines *bufio.Scanner
	n     int // of the last line
}

// next is as many submissions as go into one batch; none at the end.
func (r *batchReader) next() (b batch, err error) {
	size := 0
	for len(b.tasks) < client.MaxBatch && size < batchBytes && r.lines.Scan() {
		r.n++
		line := bytes.TrimSpace(r.lines.Bytes())
		if len(line) == 0 {
			continue
		}
		one, err := client.ParseSubmission(line)
		if err != nil {
			return b, fmt.Errorf("line %d: %w", r.n, err)
		}
		b.tasks, b.lines = append(b.tasks, one), append(b.lines, r.n)
		size += len(line)
	}
	return b, r.lines.Err()
}

// attendAll waits for tasks in their order, and shows how many are done.
func (s *session) attendAll(ctx context.Context, ids []string, most time.Duration) error {
	waiting, cancel := s.waiting(ctx, most)
	defer cancel()
	screen, person, began := s.cmd.ErrOrStderr(), s.onTerminal(), time.Now()
	ends := map[lastcall.Status]int{}
	worst := exitError(0)
	for i, id := range ids {
		if person {
			clock := time.Since(began).Round(time.Second).String()
			redraw(screen, drawBar(columns(screen), 100*float64(i)/float64(len(ids)), fmt.Sprintf("%d of %d", i, len(ids)), clock))
		}
		t, err := s.api.Wait(waiting, id)
		if err != nil && waiting.Err() != nil {
			return s.allLeftAlone(waiting, i, len(ids))
		}
		if err != nil {
			return err
		}
		ends[t.Status]++
		if exit, ok := errors.AsType[exitError](exitOf(t.Status)); ok && (worst == 0 || exit < worst) {
			worst = exit
		}
		if !person {
			if err := s.out.line(newTaskLine(t)); err != nil {
				return err
			}
		}
	}
	if person {
		erase(screen)
		fmt.Fprintf(s.out, "%d tasks: %d succeeded, %d failed, %d canceled, %d expired\n", len(ids),
			ends[lastcall.Succeeded], ends[lastcall.Failed], ends[lastcall.Canceled], ends[lastcall.Expired])
	}
	if worst != 0 {
		return worst
	}
	return nil
}

func (s *session) allLeftAlone(waiting context.Context, done, all int) error {
	exit := s.gaveUp(waiting)
	s.notef("%d of %d tasks are done; the others go on without you. lastcall tasks shows them.", done, all)
	return exitError(exit)
}
