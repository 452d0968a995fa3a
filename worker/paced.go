package worker

import (
	"context"
	"time"
)

// paced does one thing as often as it is asked for, but not more often than each time that the pace allows: the first ask
// is heeded at once, and the last is never lost.
type paced struct {
	pace time.Duration
	do   func()
	asks chan struct{} // buffer of 1
}

func newPaced(pace time.Duration, do func()) paced {
	return paced{pace: pace, do: do, asks: make(chan struct{}, 1)}
}

func (p *paced) ask() { notify(p.asks) }

// run heeds the asks until ctx ends.
func (p *paced) run(ctx context.Context) {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-p.asks:
		}
		p.do()
		rest.Reset(p.pace)
	}
}
