package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// taskEvents is what has happened to a task, and, for who asks for an event stream, what happens to it from now on. The
// cursor is where the mailbox of the task's client stood, so that GET /v1/events can go on from there.
func (a *api) taskEvents(c *call) error {
	if _, err := a.whoAsks(c.r); err != nil {
		return err
	}
	stream, err := c.wantsStream(false)
	if err != nil {
		return err
	}
	if err := c.checkID(); err != nil {
		return err
	}
	if stream {
		// A stream is not refused for want of the store: Streams sees to it that its client comes back.
		if _, err := a.Store.Task(c.lasting(), c.name); err != nil && lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
			return notThere(err)
		}
		return c.stream(func(w http.ResponseWriter, r *http.Request) { a.Streams.ServeTask(w, r, c.name) })
	}
	box, events, err := a.Store.TaskEvents(c.lasting(), c.name)
	if err != nil {
		return notThere(err)
	}
	c.answerEvents(events, lastcall.Cursor{Epoch: box.Epoch, Seq: box.Head}, nil)
	return nil
}
