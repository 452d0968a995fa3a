package main

import (
	"strings"
	"testing"
)

// A verdict needs all rounds on one side of 1.
func TestARoundThatGoesTheOtherWayMeansNoDifference(t *testing.T) {
	rate, wait := measured{name: "rate"}, measured{name: "wait", less: true}
	for _, c := range []struct {
		want          string
		what          measured
		before, after []float64
	}{
		{"better", rate, []float64{10, 10, 10}, []float64{11, 12, 13}},
		{"worse", rate, []float64{10, 10, 10}, []float64{9, 8, 7}},
		{"better", wait, []float64{10, 10, 10}, []float64{9, 8, 7}},
		{"worse", wait, []float64{10, 10, 10}, []float64{11, 12, 13}},
		{"no difference", rate, []float64{10, 10, 10}, []float64{20, 20, 9}},
		{"no difference", rate, []float64{10, 10, 10}, []float64{10, 12, 13}},
		{"no difference", rate, []float64{0, 0, 0}, []float64{0, 0, 0}},
		{"too few rounds to say", rate, []float64{10, 10}, []float64{20, 20}},
	} {
		if got := (held{c.what, c.before, c.after}).verdict(); got != c.want {
			t.Errorf("%s, %v to %v: got %q, want %q", c.what.name, c.before, c.after, got, c.want)
		}
	}
}

// The same command on both sides goes through every measure of a comparison, which says what it found of each.
func TestACommandIsHeldAgainstItself(t *testing.T) {
	r := newRig(t)
	var rows []held
	for _, c := range comparisons {
		got, err := r.hold(t.Context(), c, r.command, r.command)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		rows = append(rows, got...)
	}
	var text strings.Builder
	if err := writeHeld(&text, "HEAD", rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		for _, m := range c.measures {
			if !strings.Contains(text.String(), "\n"+m.name+" ") {
				t.Errorf("nothing is said of %s in\n%s", m.name, text.String())
			}
		}
	}
}
