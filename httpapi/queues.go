package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// queue is a queue on the wire.
type queue struct {
	lastcall.Queue
	// OldestQueuedAgeMS is how long the longest waiting queued task has been due; null when none waits.
	OldestQueuedAgeMS *int64 `json:"oldest_queued_age_ms"`
}

// queueTotals is all queues taken together.
type queueTotals struct {
	Queued    int64 `json:"queued"`
	Scheduled int64 `json:"scheduled"`
	Running   int64 `json:"running"`
}

// queues counts what is not finished.
func (a *api) queues(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	counted, err := a.Store.Queues(c.lasting())
	if err != nil {
		return err
	}
	answer := struct {
		Queues []queue     `json:"queues"`
		Totals queueTotals `json:"totals"`
	}{Queues: make([]queue, len(counted))}
	for i, q := range counted {
		answer.Queues[i] = shownQueue(q)
		answer.Totals.Queued += q.Queued
		answer.Totals.Scheduled += q.Scheduled
		answer.Totals.Running += q.Running
	}
	return c.answerJSON(http.StatusOK, answer)
}

func shownQueue(q lastcall.Queue) queue {
	shown := queue{Queue: q}
	if q.Queued > 0 {
		age := max(q.OldestQueued.Milliseconds(), 0)
		shown.OldestQueuedAgeMS = &age
	}
	return shown
}

// answerJSON answers with what encoding/json makes of v.
func (c *call) answerJSON(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.answer(status, typeJSON, body)
	return nil
}
