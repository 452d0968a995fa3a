package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// MaxBatch is how many tasks SubmitBatch takes at a time.
const MaxBatch = 1000

// Submit submits a task, and returns when it is on stable storage (G1). It goes under the key of s.Idempotency, or
// under one of its own, so that it may be repeated: there is one task at the end, whatever was lost on the way. Of
// s.Idempotency only the key is used. Input must be JSON, and is sent as it is, less blanks.
func (c *Client) Submit(ctx context.Context, s lastcall.Submission) (lastcall.Submitted, error) {
	w, err := toWire(&s)
	if err != nil {
		return lastcall.Submitted{}, fmt.Errorf("submit: %w", err)
	}
	a, err := c.do(ctx, &request{
		verb: "submit", method: http.MethodPost, path: "/v1/tasks", body: w,
		header: map[string]string{"Idempotency-Key": keyOf(&s)},
	})
	if err != nil {
		return lastcall.Submitted{}, err
	}
	done := lastcall.Submitted{Replayed: a.header.Get("Idempotency-Replayed") == "true"}
	if err := a.into(&done.Task); err != nil {
		return done, fmt.Errorf("submit: %w", err)
	}
	return done, nil
}

// SubmitBatch submits up to MaxBatch tasks in one transaction, all of them or none, each under a key as Submit does, and
// returns them in order. Of a lastcall.Error about some of them, FieldError.Item is the place in the batch.
func (c *Client) SubmitBatch(ctx context.Context, batch []lastcall.Submission) ([]lastcall.Task, error) {
	var body struct {
		Tasks []wireSubmission `json:"tasks"`
	}
	for i := range batch {
		w, err := toWire(&batch[i])
		if err != nil {
			return nil, fmt.Errorf("submit batch: item %d: %w", i, err)
		}
		w.IdempotencyKey = keyOf(&batch[i])
		body.Tasks = append(body.Tasks, w)
	}
	var answer struct {
		Tasks []lastcall.Task `json:"tasks"`
	}
	err := c.get(ctx, &request{verb: "submit batch", method: http.MethodPost, path: "/v1/tasks:batch", body: body}, &answer)
	return answer.Tasks, err
}
