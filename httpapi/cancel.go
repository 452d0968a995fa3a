package httpapi

import "net/http"

// cancelTask asks for a task's end. It is answered with 200 whatever the task's status: asking twice does no harm.
func (a *api) cancelTask(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	if err := c.noBody(); err != nil {
		return err
	}
	if err := c.checkID(); err != nil {
		return err
	}
	t, err := a.Store.Cancel(c.lasting(), c.name)
	if err != nil {
		return notThere(err)
	}
	c.answerTask(http.StatusOK, &t)
	return nil
}
