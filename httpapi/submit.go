package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// submit takes a task. When it answers with 2xx the task is on stable storage (G1); when it answers with anything else
// but 503 store_unavailable, nothing was written (G10).
func (a *api) submit(c *call) error {
	who, err := a.whoAsks(c.r)
	if err != nil {
		return err
	}
	if err := acceptJSON(c.r); err != nil {
		return err
	}
	s, err := c.readSubmission(who)
	if err != nil {
		return err
	}
	return c.place(s)
}

// place hands a submission in that is as it should be, and answers it.
func (c *call) place(s lastcall.Submission) error {
	if err := c.refuse(); err != nil {
		return err
	}
	if err := c.applyType(&s); err != nil {
		return err
	}
	done, err := c.api.Store.Submit(c.lasting(), []lastcall.Submission{s})
	if lastcall.CodeOf(err) == lastcall.CodeIdempotencyMismatch { // said without its place in the call, which is the only one
		return lastcall.Errorf(lastcall.CodeIdempotencyMismatch, "the key was used with another body")
	}
	if err != nil {
		return err
	}
	c.took(done)
	return c.submitted(&done[0])
}

// took tells of the tasks that are new.
func (c *call) took(done []lastcall.Submitted) {
	for i := range done {
		if !done[i].Replayed {
			c.api.Submitted(done[i].Task.Type)
		}
	}
}

// refuse is the answer to new work when this node stops and nobody else could take it.
func (c *call) refuse() error {
	if !c.api.Drain.Refusing() {
		return nil
	}
	c.api.Drain.CountRefused()
	return lastcall.Errorf(lastcall.CodeDraining, "this node is stopping and there is no other; try again in a moment")
}

// readSubmission reads and checks everything that can be without the store.
func (c *call) readSubmission(who Identity) (lastcall.Submission, error) {
	body, err := c.readBody(c.api.Limits.Body)
	if err != nil {
		return lastcall.Submission{}, err
	}
	s, err := decodeSubmission(body)
	if err != nil {
		return s, err
	}
	key, given, err := readKey(c.r.Header)
	if err != nil {
		return s, err
	}
	if given {
		s.Idempotency = keyOf(&s, key, who)
	}
	s.Client = who.actsFor(s.Client)
	if errs := c.api.Limits.Check(&s, time.Now()); errs != nil {
		return s, invalid(errs...)
	}
	return s, nil
}

// applyType gives the submission what its type says where it says nothing itself, and refuses a type that nobody knows. Whether a node
// runs it or workers outside lease it makes no difference here: what nobody takes at once waits.
func (c *call) applyType(s *lastcall.Submission) error {
	t, ok := c.api.Types.Lookup(s.Type)
	if !ok {
		known, err := c.api.announced.has(c.lasting(), s.Type)
		if err != nil {
			return err
		}
		if !known {
			return lastcall.Errorf(lastcall.CodeUnknownType, "no node has run this type within a day")
		}
		return nil
	}
	if s.Queue == "" {
		s.Queue = t.Queue
	}
	if s.MaxAttempts == 0 {
		s.MaxAttempts = t.MaxAttempts
	}
	return nil
}

// submitted answers a submit: at once, or, with Prefer: wait, when the task is done or the time is up.
func (c *call) submitted(s *lastcall.Submitted) error {
	h := c.w.Header()
	c.location[0] = taskPath + s.Task.ID
	h["Location"] = c.location[:]
	if s.Replayed {
		h.Set("Idempotency-Replayed", "true")
	}
	status := http.StatusAccepted
	if wait, ok := preferredWait(c.r.Header); ok {
		wait = min(wait, c.api.Limits.Wait)
		h.Set("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
		c.api.wait(c.ctx(), &s.Task, wait)
		if s.Task.Status.Done() {
			status = http.StatusOK
		}
	}
	c.answerTask(status, &s.Task)
	return nil
}
