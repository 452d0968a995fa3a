package main

import (
	"testing"
	"time"
)

func TestTheMiddleOfAnEvenNumberOfRoundsLiesBetweenTwo(t *testing.T) {
	if got, want := spreadOf([]float64{4, 1, 2, 8}), (spread{1, 3, 8}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := spreadOf([]float64{4, 1, 2}), (spread{1, 2, 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The median of the ratios is not the ratio of the medians: a disturbance that both sides of a round share cancels out.
func TestARatioIsOfOneRound(t *testing.T) {
	got := ratios([]float64{10, 40, 90}, []float64{10, 20, 30}, func(v float64) float64 { return v })
	if want := (spread{1, 2, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestQuantilesAreOfWhatWasMeasured(t *testing.T) {
	var w waits
	for i := range 100 {
		w = append(w, time.Duration(100-i))
	}
	for q, want := range map[float64]time.Duration{0: 1, .5: 51, .99: 100, 1: 100} {
		if got := w.quantile(q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
}
