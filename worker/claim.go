package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// claimLoop asks for tasks whenever there is room and reason. It is the only goroutine that claims: while an answer is
// on its way slots become free, and the next claim asks for all of them at once, so that claims grow with the load. It
// ends with ctx.
func (w *Worker) claimLoop(ctx context.Context) {
	poll := time.NewTimer(jitter(w.o.Poll))
	defer poll.Stop()
	var pause backoff
	var lost doubt
	for ctx.Err() == nil {
		if lost.due(time.Now()) {
			lost.looked(time.Now(), w.adopt(ctx), w.o.Poll)
		}
		c, req, ok := w.nextClaim()
		if !ok {
			select {
			case <-ctx.Done():
			case <-w.wake:
			case <-poll.C:
				poll.Reset(jitter(w.o.Poll))
				w.refresh()
			}
			continue
		}
		if err := w.claim(c, req); err != nil {
			lost = newDoubt(time.Now(), w.o.Lease)
			pause.sleep(ctx)
			continue
		}
		pause = 0
	}
}

// nextClaim is the claim to make now, false if there is none to make. Where it is true the claim counts as under way.
func (w *Worker) nextClaim() (lastcall.Claim, request, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.handingBack || w.incarnation == "" {
		return lastcall.Claim{}, request{}, false
	}
	req, ok := w.slots.ask()
	if !ok {
		return lastcall.Claim{}, request{}, false
	}
	w.claiming = true
	w.underway++
	return lastcall.Claim{
		Incarnation: w.incarnation, Node: w.o.Node,
		Want: req.want, Max: req.max, Suspects: req.suspects,
	}, req, true
}

// claim makes one claim and starts what it brings. It is never cut short: an answer that nobody hears is a task that
// nobody runs.
func (w *Worker) claim(c lastcall.Claim, req request) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	tasks, err := w.store.Claim(ctx, c)
	w.saw(err)

	w.mu.Lock()
	started := make([]*run, 0, len(tasks))
	for i := range tasks {
		started = append(started, w.admit(tasks[i], c.Incarnation))
	}
	if err != nil {
		w.slots.unanswered(req)
	} else {
		w.slots.answered(req, tasks)
	}
	w.claiming = false
	w.endOne() // after the runs were counted: a hand-back must not see a moment in which nothing is under way
	w.mu.Unlock()

	w.watchOver(started)
	w.o.Changed()
	if lastcall.CodeOf(err) == lastcall.CodeLeaseLost {
		w.lose(c.Incarnation)
		return nil // there is nothing to wait for: the loop rests until the node has joined anew
	}
	if err != nil {
		w.log.Debug("claim failed", "error", err) // an outage is logged once, by saw
		return fmt.Errorf("claim: %w", err)
	}
	return nil
}

// refresh forgets what is known of the types, so that all of them are asked for again. While claims are stopped it does
// nothing: Look.Dry would only become less true.
func (w *Worker) refresh() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.slots.refresh()
	}
}

// endOne notes the end of a claim or a run that was under way. The mutex is held.
func (w *Worker) endOne() {
	w.underway--
	if w.handingBack && w.underway == 0 {
		close(w.quiet)
	}
}

// StopClaims makes the node take on nothing more. A claim that is under way may still bring tasks, which are run;
// Look tells when none is.
func (w *Worker) StopClaims() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
}

// ResumeClaims lets claims go on and asks for every type anew, whatever was known of it, so that Look.Dry is news. After
// HandBack it does nothing.
func (w *Worker) ResumeClaims() {
	w.mu.Lock()
	w.stopped = false
	w.slots.refresh()
	w.mu.Unlock()
	notify(w.wake)
}

// backoff is how long the last pause was; it doubles up to maxBackoff.
type backoff time.Duration

// sleep pauses, for a random part of the wait so that nodes do not come back in step, or until ctx ends.
func (b *backoff) sleep(ctx context.Context) {
	*b = min(max(2**b, backoff(minBackoff)), backoff(maxBackoff))
	t := time.NewTimer(jitter(time.Duration(*b)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// jitter is d, a quarter more or less.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}
