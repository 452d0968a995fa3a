package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// readTask answers with a task, with ?wait when it is done or the time is up.
func (a *api) readTask(c *call) error {
	q, err := a.readParams(c, "client", "wait")
	if err != nil {
		return err
	}
	wait, err := q.span("wait", a.Limits.Wait)
	if err != nil {
		return err
	}
	if err := c.checkID(); err != nil {
		return err
	}
	t, err := a.Store.Task(c.lasting(), c.name)
	if err != nil {
		return notThere(err)
	}
	a.wait(c.ctx(), &t, wait)
	c.answerTask(http.StatusOK, &t)
	return nil
}

// readParams checks what is common to all calls that answer with JSON and act on what is there.
func (a *api) readParams(c *call, known ...string) (query, error) {
	q, err := readQuery(c.r, known, nil)
	if err != nil {
		return q, err
	}
	if _, err := a.identify(c.r, q); err != nil {
		return q, err
	}
	return q, acceptJSON(c.r)
}

// checkID spares the store what can be no id.
func (c *call) checkID() error {
	if c.api.Limits.CheckName(c.name) != "" {
		return errNoTask
	}
	return nil
}

var errNoTask = lastcall.Errorf(lastcall.CodeNotFound, "there is no task with this id")

// notThere says a not_found in the words of this API.
func notThere(err error) error {
	if lastcall.CodeOf(err) == lastcall.CodeNotFound {
		return errNoTask
	}
	return err
}
