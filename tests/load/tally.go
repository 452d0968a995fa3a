package load

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally is the crowd's numbers.
type tally struct {
	mu       sync.Mutex
	requests int
	failed   int
	excused  int // requests that an outage explains
	streams  int // WebSockets, event streams and long-polls that were opened
	moved    int // of the streams, those that were told to go elsewhere
	broken   int // of the streams, those that an outage has ended
	submits  []time.Duration
	excuses  []string // the first few
}

// fail counts what must not be. Nobody tries again.
func (c *Crowd) failf(who, format string, args ...any) {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.tally.failed++
	if c.tally.failed <= 20 {
		c.t.Errorf("G6: %s: %s, at %s", who, fmt.Sprintf(format, args...), time.Now().Format(time.StampMilli))
	}
}

func (c *Crowd) count(n *int) {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	*n++
}

// took counts a submit that was answered at once.
func (c *Crowd) took(d time.Duration) {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.tally.submits = append(c.tally.submits, d)
}

// explain keeps an example of what an outage has done.
func (t *tally) explain(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.excuses) < 5 {
		t.excuses = append(t.excuses, what)
	}
}

// Requests is how many requests and streams there have been so far.
func (c *Crowd) Requests() int {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	return c.tally.requests + c.tally.streams
}

// Excused is how many requests so far an outage explains.
func (c *Crowd) Excused() int {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	return c.tally.excused
}

// String is the numbers that the tests print.
func (c *Crowd) String() string {
	t := &c.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.submits)
	at := func(q float64) time.Duration {
		if len(t.submits) == 0 {
			return 0
		}
		return t.submits[int(float64(len(t.submits)-1)*q)].Round(100 * time.Microsecond)
	}
	text := fmt.Sprintf("%d requests and %d streams, of which %d were moved: %d failed; submits p50 %v, p99 %v, max %v",
		t.requests, t.streams, t.moved, t.failed, at(0.5), at(0.99), at(1))
	if c.plan.Outage != None {
		text += fmt.Sprintf("\n%d requests met the outage, %d streams were cut off; some of them:", t.excused, t.broken)
		text += "\n  " + strings.Join(t.excuses, "\n  ")
	}
	return text
}
