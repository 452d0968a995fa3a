package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// taskLog answers with what a task's current or last run has written, byte for byte: it is whatever the handler wrote,
// the first character may be half cut off, and whoever reads it looks for what is wrong. That a browser makes nothing
// else of it than text is for nosniff to see to.
func (a *api) taskLog(c *call) error {
	if _, err := a.whoAsks(c.r); err != nil {
		return err
	}
	if quality(c.r.Header, "text", "plain") == 0 {
		return lastcall.Errorf(lastcall.CodeNotAcceptable, "this call answers with text/plain")
	}
	if err := c.checkID(); err != nil {
		return err
	}
	log, err := a.Store.Log(c.lasting(), c.name)
	if err != nil {
		return notThere(err)
	}
	c.answer(http.StatusOK, typeText, log)
	return nil
}
