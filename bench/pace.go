package main

import (
	"context"
	"sync"
	"time"
)

// paceOut calls fn rate times a second, count times in all, and returns when every call has. Each has a goroutine of its
// own: one that takes long delays no other, as it would not in life, so that a stall is seen by all who come into it.
func paceOut(ctx context.Context, rate, count int, fn func(i int)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	began := time.Now()
	for i := range count {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := wait(ctx, time.Until(due)); err != nil {
			return err
		}
		wg.Go(func() { fn(i) })
	}
	return nil
}
