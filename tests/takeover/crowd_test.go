package takeover_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// crowd is everyone who uses the service in a test. What any of them was told is on the record.
type crowd struct {
	t       *testing.T
	log     *checker.Log
	fronts  []string
	work    string        // a submit's body, with places for the client and for how many milliseconds it takes
	stop    chan struct{} // closed when they may go home
	people  sync.WaitGroup
	clients []string // for whom tasks are submitted

	mu       sync.Mutex
	requests int
	failed   int
	streams  int // WebSockets, event streams and long-polls that were opened
	moved    int // of the streams, those that were told to go elsewhere
	submits  []time.Duration
}

// gather brings a crowd together before balancers; half of it goes through each if there are two.
func gather(t *testing.T, fronts ...string) *crowd {
	t.Helper()
	return gatherFor(t, `{"type":"sleep","client":%q,"input":{"ms":%d,"steps":2}}`, fronts...)
}

// gatherFor is gather, for a crowd that submits something else.
func gatherFor(t *testing.T, work string, fronts ...string) *crowd {
	t.Helper()
	c := &crowd{t: t, log: &checker.Log{}, fronts: fronts, work: work, stop: make(chan struct{})}
	for i := range 10 {
		c.clients = append(c.clients, fmt.Sprintf("client-%d", i))
	}
	for i := range 8 {
		c.add(&caller{name: fmt.Sprintf("caller-%d", i), keeps: i%4 != 0}, i)
	}
	for i := range 4 {
		c.add(&listener{client: c.clients[i]}, i)
		c.add(&reader{client: c.clients[4+i]}, i)
	}
	for i := range 2 {
		c.add(&poller{client: c.clients[8+i]}, i)
	}
	return c
}

// person is somebody in the crowd.
type person interface {
	// live goes on until the crowd may go home. The transport is its own.
	live(c *crowd, front *lab.Node)
}

func (c *crowd) add(p person, i int) {
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	if one, ok := p.(*caller); ok {
		transport.DisableKeepAlives = !one.keeps
	}
	front := lab.Front(c.t, c.fronts[i%len(c.fronts)], transport)
	c.people.Go(func() {
		defer transport.CloseIdleConnections()
		p.live(c, front)
	})
}

// home sends everyone home and waits until they are.
func (c *crowd) home() {
	close(c.stop)
	c.people.Wait()
}

func (c *crowd) over() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// pause waits; it is false when it is time to go home.
func (c *crowd) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.stop:
		return false
	}
}

// fail counts what must not be. Nobody tries again.
func (c *crowd) fail(who, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
	if c.failed <= 20 {
		c.t.Errorf("G6: %s: %s", who, fmt.Sprintf(format, args...))
	}
}

func (c *crowd) count(n *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
}

// String is the numbers that the tests print.
func (c *crowd) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.submits)
	at := func(q float64) time.Duration {
		if len(c.submits) == 0 {
			return 0
		}
		return c.submits[int(float64(len(c.submits)-1)*q)].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d requests and %d streams, of which %d were moved: %d failed; submits p50 %v, p99 %v, max %v",
		c.requests, c.streams, c.moved, c.failed, at(0.5), at(0.99), at(1))
}
