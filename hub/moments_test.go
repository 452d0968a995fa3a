package hub_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/hub"
)

// busiest is the most moments that fall into any stretch of the given length.
func busiest(moments []time.Duration, length time.Duration) int {
	slices.Sort(moments)
	most, from := 0, 0
	for to := range moments {
		for moments[to]-moments[from] >= length {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

func TestNoSecondOfAHandOverIsMuchBusierThanTheAverage_G6(t *testing.T) {
	for _, tc := range []struct {
		n    int
		over time.Duration
	}{{10_000, 20 * time.Second}, {10_000, 5 * time.Second}, {500, time.Second}, {100, 10 * time.Second}, {7, time.Second}} {
		t.Run(fmt.Sprint(tc.n, " in ", tc.over), func(t *testing.T) {
			for seed := range uint64(50) {
				from := 3 * time.Second
				moments := hub.Moments(tc.n, from, from+tc.over, rand.New(rand.NewPCG(seed, 0)))
				if slices.Min(moments) < from || slices.Max(moments) > from+tc.over {
					t.Fatalf("seed %d: from %s to %s", seed, slices.Min(moments), slices.Max(moments))
				}
				if peak, bound := busiest(moments, time.Second), 1.3*float64(tc.n)/tc.over.Seconds(); float64(peak) > bound {
					t.Fatalf("seed %d: %d in a second, want %.0f at most", seed, peak, bound)
				}
			}
		})
	}
}

func TestWhoCameTogetherIsNotSentOnTogether(t *testing.T) {
	moments := hub.Moments(1000, 0, time.Minute, rand.New(rand.NewPCG(1, 2)))
	if first := slices.Max(moments[:20]) - slices.Min(moments[:20]); first < 30*time.Second {
		t.Errorf("the first twenty go within %s of a minute", first)
	}
}

func TestWithNoTimeLeftAllGoAtOnce_G8(t *testing.T) {
	for _, m := range hub.Moments(3, 5*time.Second, time.Second, rand.New(rand.NewPCG(1, 2))) {
		if m != 5*time.Second {
			t.Errorf("at %s", m)
		}
	}
	if left := hub.Moments(0, 0, time.Second, rand.New(rand.NewPCG(1, 2))); len(left) != 0 {
		t.Errorf("%v for nobody", left)
	}
}
