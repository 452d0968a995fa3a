package lastcall_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall"
)

func TestDeeperCountsWhatIsOpenAtATime(t *testing.T) {
	for of, depth := range map[string]int{
		`1`: 0, `"[["`: 0, `"\\\"[["`: 0, `{}`: 1, `[[],[],{}]`: 2, `{"[":["\\",[]],"}":{"a":1}}`: 3, `["\\\\",{}]`: 2,
	} {
		if lastcall.Deeper([]byte(of), depth) || (depth > 0 && !lastcall.Deeper([]byte(of), depth-1)) {
			t.Errorf("%s is not nested %d levels deep", of, depth)
		}
	}
}
