package httpapi

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// retryTask submits a task once more that has ended and not well: a new task, which says of which it is the repeat. It
// is answered as a submit is, with Prefer: wait and Idempotency-Key too; without a key two retries are two tasks.
func (a *api) retryTask(c *call) error {
	who, err := a.whoAsks(c.r)
	if err != nil {
		return err
	}
	if err := acceptJSON(c.r); err != nil {
		return err
	}
	key, given, err := readKey(c.r.Header)
	if err != nil {
		return err
	}
	if err := c.noBody(); err != nil {
		return err
	}
	if err := c.checkID(); err != nil {
		return err
	}
	t, err := a.Store.Task(c.lasting(), c.name)
	if err != nil {
		return notThere(err)
	}
	if !t.Retryable() {
		return lastcall.Errorf(lastcall.CodeNotRetryable, "what failed, was canceled or expired can be retried; this task is "+string(t.Status))
	}
	s := t.Again()
	if given {
		s.Idempotency = keyOf(&s, key, who)
	}
	if errs := a.Limits.Check(&s, time.Now()); errs != nil { // the key, and limits that are narrower than they were
		return invalid(errs...)
	}
	return c.place(s)
}
