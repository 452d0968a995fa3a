package worker

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Task is the task as it was claimed.
func (r *run) Task() lastcall.Task { return r.task }

// Attempt counts from 1.
func (r *run) Attempt() int { return r.task.Attempt }

// Fence is the number of the run.
func (r *run) Fence() int64 { return r.task.Run }

// LastCheckpoint is what an earlier run left.
func (r *run) LastCheckpoint() []byte { return r.task.Checkpoint }

// Draining is closed by Worker.EarlyWord.
func (r *run) Draining() <-chan struct{} { return r.w.early }

// Progress notes how far the work is. It only leaves the news where the run's saver finds it: however often it is
// called it neither blocks nor writes more than once each progressEvery.
func (r *run) Progress(percent float64, message string) {
	if math.IsNaN(percent) {
		percent = 0
	}
	p := &lastcall.Progress{
		Percent: min(max(percent, 0), 100), Message: clipText(message, maxMessage),
		At: time.Now().UTC().Truncate(time.Microsecond), // as all times that the store and the wire know
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	r.latest, r.last = p, p
	r.stir()
}

// stir wakes the saver, and starts it if it is not there: most runs need none. The mutex is held, the run not over.
func (r *run) stir() {
	if r.news == nil {
		r.news = make(chan struct{}, 1)
		r.w.saves.Add(1)
		go r.saver() // ends with the run; Worker.Run waits for it
	}
	notify(r.news)
}

// saver writes a run's progress, the latest word at a time, and the tail of its log, until the run is over.
func (r *run) saver() {
	defer r.w.saves.Done()
	pace, log := time.NewTimer(0), time.NewTimer(logEvery)
	defer pace.Stop()
	defer log.Stop()
	for {
		select {
		case <-r.closed:
			return
		case <-r.news:
		case <-log.C: // of which there is more since the last time
		}
		select {
		case <-r.closed:
			return
		case <-pace.C:
		}
		p, live := r.takeProgress()
		if !live {
			return
		}
		kept, wait := r.tail.news(time.Now())
		if p != nil || kept != nil {
			r.save(lastcall.Note{Progress: p, Log: kept}) //nolint:errcheck // the next word makes up for it
		}
		if wait > 0 {
			log.Reset(wait)
		}
		pace.Reset(progressEvery)
	}
}

func (r *run) takeProgress() (p *lastcall.Progress, live bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, r.latest = r.latest, nil
	return p, !r.over
}

// lastWord is the latest progress, saved or not: the outcome carries it, as the saver may have been too slow for it.
func (r *run) lastWord() *lastcall.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Checkpoint writes data for the next run and returns once it is on stable storage. It works to the end of the run, also
// after the handler's context has ended: that is when it is needed most.
func (r *run) Checkpoint(data []byte) error {
	if most := r.w.o.Limits.Checkpoint; len(data) > most {
		return lastcall.Errorf(lastcall.CodeTooLarge, fmt.Sprintf("the checkpoint is %d bytes long; the most is %d", len(data), most))
	}
	if data == nil {
		data = []byte{} // nil would mean: leave what is there
	}
	if !r.beginSave() {
		return lastcall.Errorf(lastcall.CodeLeaseLost, "the run is over")
	}
	defer r.w.saves.Done()
	if err := r.save(lastcall.Note{Checkpoint: data}); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// beginSave counts a write as under way, unless the run is over: a handler that was left behind must not reach for a
// store that may already be closed.
func (r *run) beginSave() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.w.saves.Add(1)
	}
	return !r.over
}

// save writes a note of this run. If the run turns out not to be the current one its context ends.
func (r *run) save(n lastcall.Note) error {
	n.Task, n.Run = r.task.ID, r.task.Run
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	err := r.w.store.Save(ctx, n)
	r.w.saw(err)
	if lastcall.CodeOf(err) == lastcall.CodeLeaseLost {
		r.end(lastcall.ErrLeaseLost)
	}
	return err
}

// close ends what the run may write: from here on only its outcome is.
func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	close(r.closed)
}
