package httpapi

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// announced is the types that nodes on the store have announced within a day. A submit of a type that this node does
// not run is taken when another does, or did: old and new versions serve side by side in a roll-out.
type announced struct {
	store lastcall.Store
	turn  chan struct{} // of capacity 1: who puts something in reads the store, the others wait for it
	last  atomic.Pointer[announcement]
}

type announcement struct {
	types map[string]bool
	at    time.Time
}

// A type that was seen is believed for a while. One that was not may have been announced since; but whoever sends
// nonsense must not make the store work for each of it.
const (
	believeSeen   = 10 * time.Second
	believeUnseen = 250 * time.Millisecond
)

// has reports whether some node announced the type within a day.
func (a *announced) has(ctx context.Context, name string) (bool, error) {
	if seen, fresh := a.last.Load().lookup(name); fresh {
		return seen, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	if seen, fresh := a.last.Load().lookup(name); fresh { // someone read it while this call waited
		return seen, nil
	}
	nodes, err := a.store.Nodes(ctx)
	if err != nil {
		return false, err
	}
	read := &announcement{types: map[string]bool{}, at: time.Now()}
	for _, n := range nodes {
		for _, t := range n.Types {
			read.types[t] = true
		}
	}
	a.last.Store(read)
	return read.types[name], nil
}

// lookup reports whether the type is in the announcement, and whether that can be believed now.
func (a *announcement) lookup(name string) (seen, fresh bool) {
	if a == nil {
		return false, false
	}
	seen = a.types[name]
	age := time.Since(a.at)
	return seen, age < believeUnseen || (seen && age < believeSeen)
}
