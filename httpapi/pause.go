package httpapi

import (
	"net/http"
)

// queuePath and a name are where a queue is found.
const queuePath = "/v1/queues/"

// pauseQueue keeps a queue's tasks from being started; what runs goes on, and submits are taken. Pausing twice changes
// nothing, and a queue that nobody has submitted to yet may be paused too.
func (a *api) pauseQueue(c *call) error { return c.setPaused(true) }

// resumeQueue lets them be started again.
func (a *api) resumeQueue(c *call) error { return c.setPaused(false) }

func (c *call) setPaused(paused bool) error {
	if _, err := c.api.readParams(c, "client"); err != nil {
		return err
	}
	if err := c.noBody(); err != nil {
		return err
	}
	if msg := c.api.Limits.CheckName(c.name); msg != "" {
		return invalid(field("queue", msg))
	}
	q, err := c.api.Store.PauseQueue(c.lasting(), c.name, paused)
	if err != nil {
		return err
	}
	return c.answerJSON(http.StatusOK, shownQueue(q))
}
