package load

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// Plan is who is in a crowd and what it does. The zero value of each part stands for its default.
type Plan struct {
	// Work is the body of a submit, with places for the client and for how many milliseconds it takes; a task of the type
	// sleep.
	Work string
	// Clients is what the names of the clients begin with; "client".
	Clients string
	// Callers are those who submit and read; 8, of whom every fourth takes a new connection for each request.
	Callers int
	// Pace is how long a caller rests between two requests, on average; 25 ms.
	Pace time.Duration
	// Reads is how many of a hundred requests read a task's status, beside those that callers of every kind do; 0.
	Reads int
	// Longest is how long a task takes at most; 1 s.
	Longest time.Duration
	// Outage says what may go wrong: nothing.
	Outage Outage
}

// Sleep is the body of a submit of the built-in type sleep.
const Sleep = `{"type":"sleep","client":%q,"input":{"ms":%d,"steps":2}}`

func (p Plan) withDefaults() Plan {
	if p.Work == "" {
		p.Work = Sleep
	}
	if p.Clients == "" {
		p.Clients = "client"
	}
	if p.Callers == 0 {
		p.Callers = 8
	}
	if p.Pace == 0 {
		p.Pace = 25 * time.Millisecond
	}
	if p.Longest == 0 {
		p.Longest = time.Second
	}
	return p
}

// Crowd is everyone who uses the service in a test. What any of them was told is on the record.
type Crowd struct {
	Log     *checker.Log
	Clients []string // for whom tasks are submitted

	t       testing.TB
	plan    Plan
	fronts  []string
	enough  chan struct{} // closed when callers may go home
	callers sync.WaitGroup
	stop    chan struct{} // closed when the others may
	streams sync.WaitGroup
	heard   positions
	tally   tally
}

// Gather brings a crowd together before balancers; half of it goes through each if there are two.
func Gather(t testing.TB, p Plan, fronts ...string) *Crowd {
	t.Helper()
	c := &Crowd{
		t: t, Log: &checker.Log{}, plan: p.withDefaults(), fronts: fronts,
		enough: make(chan struct{}), stop: make(chan struct{}),
	}
	for i := range 10 {
		c.Clients = append(c.Clients, fmt.Sprintf("%s-%d", c.plan.Clients, i))
	}
	for i := range c.plan.Callers {
		c.add(&caller{name: fmt.Sprintf("caller-%d", i)}, i, i%4 != 0, &c.callers)
	}
	for i := range 4 {
		c.add(&listener{client: c.Clients[i]}, i, true, &c.streams)
		c.add(&reader{client: c.Clients[4+i]}, i, true, &c.streams)
	}
	for i := range 2 {
		c.add(&poller{client: c.Clients[8+i]}, i, true, &c.streams)
	}
	return c
}

// person is somebody in the crowd.
type person interface {
	// live goes on until the person may go home. The transport is its own.
	live(c *Crowd, front *lab.Node)
}

func (c *Crowd) add(p person, i int, keeps bool, among *sync.WaitGroup) {
	transport := &http.Transport{MaxIdleConnsPerHost: 4, DisableKeepAlives: !keeps}
	front := lab.Front(c.t, c.fronts[i%len(c.fronts)], transport)
	among.Go(func() { // ends with the crowd's going home, which waits for it
		defer transport.CloseIdleConnections()
		p.live(c, front)
	})
}

// Guest is somebody whom a test brings along. He goes on until home is closed.
type Guest func(front *lab.Node, home <-chan struct{})

// Calls adds a guest to those who ask for work, and go home first.
func (c *Crowd) Calls(g Guest) { c.add(calling(g), 0, true, &c.callers) }

// Stays adds a guest to those who stay until all that was asked for has ended.
func (c *Crowd) Stays(g Guest) { c.add(staying(g), 0, true, &c.streams) }

type calling Guest

func (g calling) live(c *Crowd, front *lab.Node) { g(front, c.enough) }

type staying Guest

func (g staying) live(c *Crowd, front *lab.Node) { g(front, c.stop) }

// Home sends the callers home, waits until all that they have asked for has ended and every client has heard of it on the
// stream that it has, or comes back to (G5), sends them home too and waits until they are.
func (c *Crowd) Home() {
	c.t.Helper()
	close(c.enough)
	c.callers.Wait()
	if !c.t.Failed() { // else somebody may have left before its time
		c.catchUp()
	}
	close(c.stop)
	c.streams.Wait()
}

func (c *Crowd) over() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// pause waits; it is false when it is time to go home.
func pause(d time.Duration, home <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-home:
		return false
	}
}
