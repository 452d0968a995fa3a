package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// Queues is what waits and runs. Its JSON is the wire's.
type Queues struct {
	Queues []Queue `json:"queues"`
	Totals struct {
		Queued    int64 `json:"queued"`
		Scheduled int64 `json:"scheduled"`
		Running   int64 `json:"running"`
	} `json:"totals"`
}

// Queue counts the tasks of a queue that are not finished.
type Queue struct {
	lastcall.Queue
	// OldestQueuedAgeMS is for how many milliseconds the longest waiting queued task has been due; nil if none waits.
	OldestQueuedAgeMS *int64 `json:"oldest_queued_age_ms"`
}

// Queues counts what is not finished, queue by queue.
func (c *Client) Queues(ctx context.Context) (q Queues, err error) {
	err = c.get(ctx, &request{verb: "queues", method: http.MethodGet, path: "/v1/queues"}, &q)
	return q, err
}

// Pause keeps a queue's tasks from being started; what runs goes on.
func (c *Client) Pause(ctx context.Context, queue string) error { return c.steer(ctx, queue, "pause") }

// Resume lets the tasks of a paused queue be started again.
func (c *Client) Resume(ctx context.Context, queue string) error {
	return c.steer(ctx, queue, "resume")
}

func (c *Client) steer(ctx context.Context, queue, verb string) error {
	_, err := c.do(ctx, &request{
		verb: verb, method: http.MethodPost, path: "/v1/queues/" + url.PathEscape(queue) + "/" + verb,
	})
	return err
}

// Nodes lists the incarnations that were alive within a day, newest first.
func (c *Client) Nodes(ctx context.Context) ([]lastcall.Node, error) {
	var answer struct {
		Nodes []lastcall.Node `json:"nodes"`
	}
	err := c.get(ctx, &request{verb: "nodes", method: http.MethodGet, path: "/v1/nodes"}, &answer)
	return answer.Nodes, err
}

// Drain says how the drain of the node goes that answers, or that there is none.
func (c *Client) Drain(ctx context.Context) (s drain.Status, err error) {
	err = c.get(ctx, &request{verb: "drain", method: http.MethodGet, path: "/v1/drain"}, &s)
	return s, err
}

// StartDrain tells the node that answers to stop. A call whose answer is lost is not repeated: it could reach the node
// that takes over.
func (c *Client) StartDrain(ctx context.Context) (s drain.Status, err error) {
	err = c.get(ctx, &request{verb: "start drain", method: http.MethodPost, path: "/v1/drain", risk: doubles}, &s)
	return s, err
}
