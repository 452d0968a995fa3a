package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/lastcall-dev/lastcall"
)

// Task returns a task as it stands.
func (c *Client) Task(ctx context.Context, id string) (lastcall.Task, error) {
	return c.task(ctx, &request{verb: "task", method: http.MethodGet, path: taskPath(id, "")})
}

// Cancel asks for a task's end: at once where it waits, at the next word of its run where it runs. One that is finished
// stays as it is, which is no error.
func (c *Client) Cancel(ctx context.Context, id string) (lastcall.Task, error) {
	return c.task(ctx, &request{verb: "cancel", method: http.MethodPost, path: taskPath(id, "/cancel")})
}

// Retry makes a new task out of one that failed, was canceled or has expired; of others it is CodeNotRetryable. Each
// call makes one, so a call whose answer is lost is not repeated.
func (c *Client) Retry(ctx context.Context, id string) (lastcall.Task, error) {
	return c.task(ctx, &request{verb: "retry", method: http.MethodPost, path: taskPath(id, "/retry"), risk: doubles})
}

// Delete makes the server forget a finished task; of others it is CodeNotFinished.
func (c *Client) Delete(ctx context.Context, id string) error {
	_, err := c.do(ctx, &request{
		verb: "delete", method: http.MethodDelete, path: taskPath(id, ""), undone: lastcall.CodeNotFound,
	})
	return err
}

// Log returns what the task's current or last run has written, the last lastcall.MaxLog bytes of it.
func (c *Client) Log(ctx context.Context, id string) ([]byte, error) {
	a, err := c.do(ctx, &request{verb: "log", method: http.MethodGet, path: taskPath(id, "/log")})
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

func (c *Client) task(ctx context.Context, r *request) (t lastcall.Task, err error) {
	err = c.get(ctx, r, &t)
	return t, err
}

// taskPath is the path of a task, or of something about it.
func taskPath(id, of string) string { return "/v1/tasks/" + url.PathEscape(id) + of }
