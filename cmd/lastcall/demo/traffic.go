package demo

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// traffic is the requests that go on all the time: submits that are waited for, and questions. None is repeated.
type traffic struct {
	addr   string
	ledger *ledger
	stop   chan struct{} // closed when it may end
	once   sync.Once
	done   chan struct{} // closed when it has ended

	mu       sync.Mutex
	requests int
	refused  int
	first    error // what went wrong first
}

func newTraffic(addr string, l *ledger) *traffic {
	return &traffic{addr: addr, ledger: l, stop: make(chan struct{}), done: make(chan struct{})}
}

const (
	walkers = 6
	stride  = 20 * time.Millisecond
)

// run goes on until ctx ends or end is called.
func (t *traffic) run(ctx context.Context) {
	defer close(t.done)
	var all sync.WaitGroup
	for i := range walkers {
		all.Go(func() { t.walk(ctx, i) }) // ends with ctx or stop
	}
	all.Wait()
}

func (t *traffic) walk(ctx context.Context, i int) {
	tick := time.NewTicker(stride)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.stop:
			return
		case <-tick.C:
		}
		var err error
		if (n+i)%2 == 0 {
			_, err = submit(ctx, t.addr, "crowd", 1)
		} else {
			err = call(ctx, http.MethodGet, "http://"+t.addr+"/v1/queues", "", nil)
		}
		if ctx.Err() == nil {
			t.note(err)
		}
	}
}

func (t *traffic) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if err != nil {
		t.refused++
		if t.first == nil {
			t.first = fmt.Errorf("request %d: %w", t.requests, err)
		}
	}
}

// end ends it, and returns when no request is under way any more.
func (t *traffic) end() {
	t.once.Do(func() { close(t.stop) })
	<-t.done
}
