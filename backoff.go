package lastcall

import (
	"cmp"
	"math"
	"time"
)

// Backoff is the wait between attempts: exponential with full jitter, a random part of min(Max, Base × 2^(n−1)) after
// the n-th attempt. Full jitter spreads retries of many tasks that failed together best (Brooker, "Exponential Backoff
// And Jitter", AWS Architecture Blog, 2015).
type Backoff struct {
	Base time.Duration // 1 s
	Max  time.Duration // 5 min
}

// The defaults of a Backoff.
const (
	DefaultBackoffBase = time.Second
	DefaultBackoffMax  = 5 * time.Minute
)

// After is the wait after the given attempt (from 1); jitter is a number from [0, 1).
func (b Backoff) After(attempt int, jitter float64) time.Duration {
	return time.Duration(jitter * float64(double(cmp.Or(b.Base, DefaultBackoffBase), cmp.Or(b.Max, DefaultBackoffMax), attempt-1)))
}

// GiveBackWait is how long a task waits that its handler has handed back, after as many interruptions: 1 s to 60 s.
func GiveBackWait(interruptions int) time.Duration {
	return double(time.Second, time.Minute, interruptions)
}

// double is base × 2^times, at most ceiling, without overflow.
func double(base, ceiling time.Duration, times int) time.Duration {
	f := float64(base) * math.Pow(2, float64(max(times, 0)))
	if f >= float64(ceiling) {
		return ceiling
	}
	return time.Duration(f)
}
