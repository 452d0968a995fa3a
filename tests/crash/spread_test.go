package crash_test

import (
	"fmt"
	"slices"
)

// spread is min, median and max of what was measured.
type spread[T int | int64] []T

func (s spread[T]) String() string {
	if len(s) == 0 {
		return "none"
	}
	all := slices.Sorted(slices.Values(s))
	return fmt.Sprintf("min %v, median %v, max %v", all[0], all[len(all)/2], all[len(all)-1])
}
