package drain

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a service whose facts a test sets.
type fake struct {
	mu      sync.Mutex
	look    Look
	entered []Phase
	orders  Orders
	enter   func(context.Context, Orders) error
}

func (f *fake) Look() Look { f.mu.Lock(); defer f.mu.Unlock(); return f.look }

func (f *fake) set(change func(*Look)) { f.mu.Lock(); defer f.mu.Unlock(); change(&f.look) }

func (f *fake) Enter(ctx context.Context, o Orders) error {
	f.mu.Lock()
	f.entered, f.orders = append(f.entered, o.Phase), o
	enter := f.enter
	f.mu.Unlock()
	if enter != nil {
		return enter(ctx, o)
	}
	return nil
}

func (f *fake) Follow(o Orders)     { f.mu.Lock(); defer f.mu.Unlock(); f.orders = o }
func (f *fake) WaitingFor() Waiting { return Waiting{} }
func (f *fake) Tally() Tally        { return Tally{} }

func TestAnIdleProcessIsGoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 1)
		service := &fake{}
		d, err := New(Plan{}, service, Options{
			Signals: signals, Exit: func(int) { t.Error("the watchdog barked") },
			Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		signals <- syscall.SIGTERM
		if err := d.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("took %v", took)
		}
		t.Logf("%v %+v", service.entered, d.Status().Report)
	})
}
