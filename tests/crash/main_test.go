// Package crash_test takes the power away from real processes: by SIGKILL at any moment, and, as a kill leaves to the
// kernel what a power cut does not, by building from a trace of system calls what would be on the disk. Afterwards the
// program is started again on what is left, and everything that anybody was told must still be true (G1, G2, G3, G5, G9).
//
// Chance decides when and what. Each test logs its seed; -seed repeats it, as far as two processes can be repeated.
package crash_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6)
	lab.Main(m)
}

var seedFlag = flag.Uint64("seed", 0, "what chance goes by; 0 takes another each time")

// rounds is how often the power is cut in each of the tests that do so. All of them together are a hundred rounds and
// more.
var rounds = flag.Int("rounds", 25, "power cuts in each test")

// dice make chances for the parts of a test: each part its own, so that it does not hang on the others' timing.
type dice uint64

func newDice(t *testing.T) dice {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64N(1_000_000) + 1
	}
	t.Logf("repeat with -seed=%d", seed)
	return dice(seed)
}

func (d dice) roll(part int) *rand.Rand { return rand.New(rand.NewPCG(uint64(d), uint64(part))) }
