package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// forgetTask removes a finished task, with its input, output and log. What its client was told stays in the mailbox.
func (a *api) forgetTask(c *call) error {
	if _, err := a.whoAsks(c.r); err != nil {
		return err
	}
	if err := c.noBody(); err != nil {
		return err
	}
	if err := c.checkID(); err != nil {
		return err
	}
	err := a.Store.Forget(c.lasting(), c.name)
	if lastcall.CodeOf(err) == lastcall.CodeNotFinished {
		return lastcall.Errorf(lastcall.CodeNotFinished, "a task can be forgotten once it has ended; it can be canceled before")
	}
	if err != nil {
		return notThere(err)
	}
	c.answer(http.StatusNoContent, nil, nil)
	return nil
}
