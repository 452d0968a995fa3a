package httpapi

import "net/http"

// readDrain says how the drain goes, or that there is none.
func (a *api) readDrain(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	return c.answerJSON(http.StatusOK, a.Drain.Status())
}

// startDrain tells the node to stop, as a signal would. Telling it twice changes nothing.
func (a *api) startDrain(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	if err := c.noBody(); err != nil {
		return err
	}
	a.Drain.Start("api")
	return c.answerJSON(http.StatusAccepted, a.Drain.Status())
}
