package soak_test

import (
	"testing"
	"time"
)

// lived is an hour of a process whose heap goes up and down by 8 MiB, as the garbage collector comes and goes, and which
// loses so many bytes and descriptors a minute.
func lived(bytes, open float64) (all []sample) {
	for i := range 720 {
		minutes := float64(i) / 12
		s := sample{at: time.Duration(i) * 5 * time.Second, node: "a1", quiet: i%12 == 0}
		s.is[heap] = 20<<20 + float64(i*7919%(8<<20)) + bytes*minutes
		s.is[descriptors] = 30 + open*minutes
		all = append(all, s)
	}
	return all
}

func TestAnHourIsJudgedByItsTrend(t *testing.T) {
	for _, c := range []struct {
		name        string
		bytes, open float64
		want        map[int]bool
	}{
		{"flat, with a garbage collector", 0, 0, map[int]bool{}},
		{"300 KiB a minute", 300 << 10, 0, map[int]bool{heap: true}},
		{"a descriptor in each window", 0, 1, map[int]bool{descriptors: true}},
	} {
		found := map[int]bool{}
		for _, tr := range trends(lived(c.bytes, c.open)) {
			if tr.grew() {
				found[tr.column] = true
			}
		}
		for column, title := range titles {
			if found[column] != c.want[column] {
				t.Errorf("%s: that %s grew was found: %v", c.name, title, found[column])
			}
		}
	}
}

// A process that lived for too short a time says nothing about trends.
func TestAShortLifeIsNotJudgedByItsTrend(t *testing.T) {
	if found := trends(lived(1<<20, 1)[:enough-1]); len(found) > 0 {
		t.Errorf("it was: %+v", found)
	}
}
