package lab

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Crowd is people who submit tasks, each over a connection of its own, as who comes for the first time does. Nobody of
// them tries again.
type Crowd struct {
	t    testing.TB
	door *Node

	mu    sync.Mutex
	ids   []string
	wrong []error
}

// NewCrowd is people who will come to an address.
func NewCrowd(t testing.TB, addr string) *Crowd {
	t.Helper()
	return &Crowd{t: t, door: Front(t, addr, &http.Transport{DisableKeepAlives: true})}
}

// Come lets four of them in at a time until the returned function is called, which waits until all have their answers.
func (c *Crowd) Come(ctx context.Context) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { // ends with ended, and is waited for by stop
			pace := time.NewTicker(20 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-ended:
					return
				case <-pace.C:
					c.submit(ctx)
				}
			}
		})
	}
	return func() {
		close(ended)
		all.Wait()
	}
}

func (c *Crowd) submit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	a, err := c.door.Try(ctx, http.MethodPost, "/v1/tasks", `{"type":"echo","input":1}`)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch id := strings.TrimPrefix(a.Header.Get("Location"), "/v1/tasks/"); {
	case err != nil:
		c.wrong = append(c.wrong, err)
	case a.Status != http.StatusAccepted || id == "":
		c.wrong = append(c.wrong, fmt.Errorf("answered %d %s", a.Status, a.Body))
	default:
		c.ids = append(c.ids, id)
	}
}

// Served is how many have their answer.
func (c *Crowd) Served() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ids)
}

// Accepted is the tasks that were accepted. It fails the test if anybody was refused or had no answer.
func (c *Crowd) Accepted() []string {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, wrong := range c.wrong {
		c.t.Error(wrong)
	}
	return slices.Clone(c.ids)
}
