package hub

import (
	"math/rand/v2"
	"time"
)

// Moments says when each of n clients is sent on to another node, between from and by: one in each of n equal stretches,
// anywhere within it, so that they arrive there evenly and yet not in step; and in no order, so that who came together
// does not go together. In any second there are two more than the average at most. With no time left all go at from.
func Moments(n int, from, by time.Duration, random *rand.Rand) []time.Duration {
	moments := make([]time.Duration, n)
	stretch := float64(max(0, by-from)) / float64(max(1, n))
	for i, place := range random.Perm(n) {
		moments[i] = from + time.Duration((float64(place)+random.Float64())*stretch)
	}
	return moments
}
