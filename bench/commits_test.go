package main

import (
	"os"
	"path/filepath"
	"testing"
)

// strace tells a call that another thread's interrupts in two lines.
func TestASyncThatIsInterruptedInTheTraceCountsOnce(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	text := "1 fsync(9)      = 0\n2 fdatasync(9 <unfinished ...>\n1 fsync(8) = 0\n2 <... fdatasync resumed>) = 0\n1 +++ exited with 0 +++\n"
	if err := os.WriteFile(trace, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := countSyncs(trace); n != 3 || err != nil {
		t.Errorf("counted %d, %v; want 3", n, err)
	}
}
