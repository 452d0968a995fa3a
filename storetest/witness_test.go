package storetest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// witness is the testing.TB of a case that is expected to fail: it takes down what the case says, and the test that
// looks on is none the worse for it.
type witness struct {
	testing.TB

	mu      sync.Mutex
	said    []string
	cleanup []func()
}

func (w *witness) Helper() {}

func (w *witness) Logf(string, ...any) {}

func (w *witness) Failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.said) > 0
}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *witness) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *witness) Fatal(args ...any) {
	w.Errorf("%s", fmt.Sprint(args...))
	runtime.Goexit()
}

func (w *witness) Cleanup(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleanup = append(w.cleanup, f)
}

// try runs the case that says so and returns what it has found wrong.
func try(t *testing.T, says string, open Open) []string {
	t.Helper()
	w := &witness{TB: t}
	for _, s := range specification() {
		if i := slices.IndexFunc(s.cases, func(c specified) bool { return s.subject+" "+c.says == says }); i >= 0 {
			done := make(chan struct{})
			go func() { // a goroutine of its own, which the case may end; waited for below
				defer close(done)
				f := newFixture(w, open, "tried")
				f.patience = time.Second
				s.cases[i].proof(f)
			}()
			<-done
			for _, f := range slices.Backward(w.cleanup) {
				f()
			}
			return w.said
		}
	}
	t.Fatalf("no case says %q", says)
	return nil
}
