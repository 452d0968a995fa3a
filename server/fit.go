package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// What a drain gives to work that is stopped, where neither the options nor a type of task says more.
const (
	usualStopTimeout = 5 * time.Second
	giveBackTime     = 2 * time.Second // to give back, and to close, what has not returned by then
)

// stopTimes are Drain.StopTimeout and Drain.HandBack, worked out where they were left to their defaults: then every type
// has the time that it asks for, and what it wants to leave for its next run is not cut off.
func (o Options) stopTimes(types []lastcall.TaskType) (stop, handBack time.Duration) {
	stop, handBack = o.Drain.StopTimeout, o.Drain.HandBack
	if stop == 0 {
		stop = max(usualStopTimeout, slowest(types).StopTimeout)
	}
	if handBack == 0 {
		handBack = stop + giveBackTime
	}
	return stop, handBack
}

// slowest is the type that asks for the longest time to stop in, of those that run here.
func slowest(types []lastcall.TaskType) lastcall.TaskType {
	var s lastcall.TaskType
	for _, t := range types {
		if !t.Pull && t.StopTimeout > s.StopTimeout {
			s = t
		}
	}
	return s
}

// checkTypes says which types ask for more time to stop in than a drain has. The options by themselves have been found
// right.
func (o Options) checkTypes(types []lastcall.TaskType) error {
	var wrong []error
	for _, t := range types {
		if given := o.Drain.StopTimeout; given != 0 && !t.Pull && t.StopTimeout > given {
			wrong = append(wrong, &mistake{
				fmt.Errorf("the type %q asks for a stop_timeout of %s, and the node's, %s, is all that a drain gives it: raise that, or leave it out",
					t.Name, t.StopTimeout, given),
				[]string{"stop_timeout", stopSetting(t)},
			})
		}
	}
	if err := o.plan(types).WithDefaults().Validate(); err != nil {
		t := slowest(types)
		wrong = append(wrong, &mistake{
			fmt.Errorf("the type %q asks for a stop_timeout of %s: %w", t.Name, t.StopTimeout, err),
			[]string{"grace", "drain.hand_back", "drain.announce.min", stopSetting(t)},
		})
	}
	return errors.Join(wrong...)
}

// warnShort says when a grace leaves less than the usual time to announce that a node goes: balancers may still send to it
// when it no longer listens. It is no mistake where nothing is in between, or where somebody set it so.
func (o Options) warnShort(types []lastcall.TaskType) {
	p := o.plan(types)
	left := p.WithDefaults().Announce.Min
	p.Grace = time.Hour
	usual := p.WithDefaults().Announce.Min
	if OnPostgres(o.Store) && left < usual && o.Drain.Announce.Min == 0 {
		o.Logger.Warn("the grace is short: a node that is told to stop may be gone before its balancer looks elsewhere",
			"grace", o.Grace.String(), "announces", left.String(), "usual", usual.String(), "enough", (o.Grace + usual - left).String())
	}
}

func stopSetting(t lastcall.TaskType) string { return "tasks." + t.Name + ".stop_timeout" }
