package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// How often a task is looked at while somebody waits: on a terminal as often as a bar should move, for a program less.
const (
	lookForPeople   = 250 * time.Millisecond
	lookForPrograms = time.Second
)

// attend waits for a task and shows how it goes: a bar on a terminal, else a line of JSON each time that it has changed,
// of which the last is its end. A most of 0 waits for as long as it takes.
func (s *session) attend(ctx context.Context, t lastcall.Task, most time.Duration) error {
	waiting, cancel := s.waiting(ctx, most)
	defer cancel()
	show, every := s.lines, lookForPrograms
	if s.onTerminal() {
		show, every = s.bar, lookForPeople
	}
	last, err := show(waiting, t, every)
	if err != nil && waiting.Err() != nil {
		return s.leftAlone(waiting, last)
	}
	if err != nil {
		return err
	}
	return s.ended(&last)
}

// onTerminal reports whether a person reads the result.
func (s *session) onTerminal() bool { return !s.json && columns(s.cmd.OutOrStdout()) > 0 }

// lines writes the task each time it has changed.
func (s *session) lines(ctx context.Context, t lastcall.Task, every time.Duration) (lastcall.Task, error) {
	for fresh, err := range s.api.Follow(ctx, t.ID, every) {
		if err != nil {
			return t, err
		}
		t = fresh
		if err := s.out.line(newTaskLine(t)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// bar draws on standard error, as the result belongs to standard output.
func (s *session) bar(ctx context.Context, t lastcall.Task, every time.Duration) (lastcall.Task, error) {
	screen := s.cmd.ErrOrStderr()
	began := time.Now()
	fresh, ended := s.follow(ctx, t.ID, every)
	tick := time.NewTicker(every)
	defer tick.Stop()
	defer erase(screen)
	for {
		redraw(screen, drawTask(columns(screen), &t, time.Since(began)))
		select {
		case t = <-fresh:
		case <-tick.C: // the clock goes on
		case err := <-ended:
			return t, err
		}
	}
}

// follow follows a task in the background: fresh is how it stands, ended why there is no more. It ends with the task or
// with ctx, and is then received from once.
func (s *session) follow(ctx context.Context, id string, every time.Duration) (fresh <-chan lastcall.Task, ended <-chan error) {
	tasks, end := make(chan lastcall.Task), make(chan error)
	go func() {
		for t, err := range s.api.Follow(ctx, id, every) {
			if err != nil {
				end <- err
				return
			}
			tasks <- t
		}
		end <- nil
	}()
	return tasks, end
}

// redraw replaces the last line of the screen, where there is one.
func redraw(screen io.Writer, line string) {
	if columns(screen) > 0 {
		fmt.Fprintf(screen, "\r%s\x1b[K", line)
	}
}

func erase(screen io.Writer) { redraw(screen, "") }

// waiting is ctx for a wait of at most a time, 0 for as long as it takes, and of --timeout where there is no answer.
func (s *session) waiting(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := s.away.bound(ctx)
	if most == 0 {
		return ctx, cancel
	}
	ctx, expire := context.WithTimeout(ctx, most)
	return ctx, func() { expire(); cancel() }
}

// leftAlone is the end of waiting for a task that goes on, and says how to come back to it.
func (s *session) leftAlone(waiting context.Context, t lastcall.Task) error {
	again := "lastcall tasks " + t.ID + " --wait"
	if s.cmd.Flags().Changed("server") {
		again += " --server " + s.server
	}
	exit := s.gaveUp(waiting)
	if exit == exitUnavailable {
		s.notef("%s was %s when last heard of. To come back: %s", t.ID, t.Status, again)
	} else {
		s.notef("%s is %s and goes on without you. To come back: %s", t.ID, t.Status, again)
	}
	return exitError(exit)
}

// gaveUp is the exit code for a wait that has ended before what it was for.
func (s *session) gaveUp(waiting context.Context) int {
	why := context.Cause(waiting)
	if none, ok := errors.AsType[*unansweredError](why); ok {
		s.notef("lastcall: no answer from %s %s", s.server, none)
		return exitUnavailable
	}
	if errors.Is(why, context.DeadlineExceeded) {
		return exitNotYet
	}
	return exitInterrupted
}

// ended says what a finished task has come to, and is its exit code.
func (s *session) ended(t *lastcall.Task) error {
	person := s.onTerminal()
	if t.Status == lastcall.Succeeded {
		if person {
			fmt.Fprintln(s.out, string(t.Output))
		}
		return nil
	}
	why := string(t.Status)
	if t.Error != nil {
		why += ": " + printable(t.Error.Error())
	}
	s.notef("lastcall: task %s has %s", t.ID, was(t.Status, why))
	return exitOf(t.Status)
}

// was puts a status into a sentence.
func was(status lastcall.Status, why string) string {
	if status == lastcall.Canceled {
		return "been " + why
	}
	return why
}

// exitOf is the exit code for the end of a task.
func exitOf(status lastcall.Status) error {
	switch status {
	case lastcall.Succeeded:
		return nil
	case lastcall.Failed:
		return exitError(exitTaskFailed)
	case lastcall.Canceled, lastcall.Expired:
		return exitError(exitTaskEnded)
	case lastcall.Scheduled, lastcall.Queued, lastcall.Running:
	}
	return errors.New("the task has not ended")
}
