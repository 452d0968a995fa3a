package witness

import "slices"

// Follow puts the trace of a second life behind that of the first.
func Follow(first, second []Call) []Call {
	shift := lastLine(first)
	all := slices.Clone(first)
	for _, c := range second {
		c.Began += shift
		if c.Ended != Never {
			c.Ended += shift
		}
		all = append(all, c)
	}
	return all
}

// Landed is the trace as it would be if the writes that a kill cut off had been done all the same: the kernel may end
// what it had begun, and strace does not see it.
func Landed(calls []Call) []Call {
	last := lastLine(calls)
	all := slices.Clone(calls)
	for i := range all {
		if c := &all[i]; c.Ended == Never && c.Name == "pwrite64" {
			c.Ended, c.Result = last+1, int64(len(c.Data))
		}
	}
	return all
}

// lastLine is the last line that a trace speaks of.
func lastLine(calls []Call) int {
	last := 0
	for _, c := range calls {
		last = max(last, c.Began)
		if c.Ended != Never {
			last = max(last, c.Ended)
		}
	}
	return last
}
