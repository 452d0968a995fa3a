package drain

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// rig is a Drainer whose service, signals and exit belong to a test. It lives
// in a synctest bubble, where time passes only when everything waits.
type rig struct {
	*Drainer
	t       *testing.T
	service *fake
	signals chan os.Signal
	begin   time.Time
	err     error // what Run returned; read it after done

	mu     sync.Mutex
	exits  []exit
	stderr bytes.Buffer
	log    bytes.Buffer
}

// exit is a call of Options.Exit.
type exit struct {
	code  int
	after time.Duration
}

// inBubble runs a test on a rig and returns it when Run has returned. Whatever
// hangs in the service goes on at the end of the test.
func inBubble(t *testing.T, p Plan, test func(*rig), change ...func(*rig, *Options)) *rig {
	t.Helper()
	var r *rig
	synctest.Test(t, func(t *testing.T) {
		r = &rig{t: t, service: newFake(), signals: make(chan os.Signal, 8), begin: time.Now()}
		o := Options{
			Signals: r.signals, Exit: r.exit, Stderr: writerFunc(r.writeStderr),
			Logger: slog.New(slog.NewJSONHandler(writerFunc(r.writeLog), nil)),
		}
		for _, f := range change {
			f(r, &o)
		}
		d, err := New(p, r.service, o)
		if err != nil {
			t.Fatal(err)
		}
		r.Drainer = d
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.err = d.Run(ctx)
		}()
		synctest.Wait()
		test(r)
		cancel()
		close(r.service.letGo)
		<-done
	})
	return r
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func (r *rig) exit(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exits = append(r.exits, exit{code, time.Since(r.begin)})
}

func (r *rig) writeStderr(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stderr.Write(b)
}

func (r *rig) writeLog(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *rig) exited() []exit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.exits
}

func (r *rig) terminate() { r.signals <- syscall.SIGTERM; synctest.Wait() }
func (r *rig) interrupt() { r.signals <- syscall.SIGINT; synctest.Wait() }

// at lets time pass until that long after the beginning.
func (r *rig) at(after time.Duration) {
	r.t.Helper()
	left := after - time.Since(r.begin)
	if left < 0 {
		r.t.Fatalf("it is %v already", time.Since(r.begin))
	}
	<-time.After(left)
	synctest.Wait()
}

// is fails the test unless the drain is in a phase.
func (r *rig) is(want Phase) {
	r.t.Helper()
	if got := r.Phase(); got != want {
		r.t.Errorf("at %v: phase %s, want %s", time.Since(r.begin), got, want)
	}
}

// fake is a service whose facts and behaviour are set by a test.
type fake struct {
	letGo chan struct{} // closed at the end of a test: whoever hangs goes on

	mu      sync.Mutex
	look    Look
	looks   int
	tally   Tally
	entered []Phase
	orders  Orders          // the last that were given
	onLook  func(Look) Look // is given the facts as they are at the call
	onTally func()
	onEnter func(context.Context, Orders) error
}

func newFake() *fake { return &fake{letGo: make(chan struct{})} }

// hang is a service that does not return.
func (f *fake) hang() { <-f.letGo }

// set changes the facts, or the fake.
func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) Look() Look {
	f.mu.Lock()
	look, onLook := f.look, f.onLook
	f.looks++
	f.mu.Unlock()
	if onLook != nil {
		return onLook(look)
	}
	return look
}

// hangs is a look that does not return.
func (f *fake) hangs(l Look) Look {
	f.hang()
	return l
}

func (f *fake) Enter(ctx context.Context, o Orders) error {
	f.mu.Lock()
	f.entered, f.orders = append(f.entered, o.Phase), o
	onEnter := f.onEnter
	f.mu.Unlock()
	if onEnter != nil {
		return onEnter(ctx, o)
	}
	return nil
}

func (f *fake) Follow(o Orders) { f.set(func(f *fake) { f.orders = o }) }

func (f *fake) WaitingFor() Waiting { return Waiting{Work: []string{"7"}, Connections: 3} }

func (f *fake) Tally() Tally {
	f.mu.Lock()
	onTally := f.onTally
	f.mu.Unlock()
	if onTally != nil {
		onTally()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tally
}

// told is the last orders that the service was given.
func (f *fake) told() Orders {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.orders
}

// counted returns a function that sends a request through Count.
func (r *rig) counted(path string) func() {
	handler := r.Count(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		r.Poke()
		synctest.Wait()
	}
}

// hangsIn is an Enter that does not return from one phase.
func hangsIn(f *fake, phase Phase) func(context.Context, Orders) error {
	return func(_ context.Context, o Orders) error {
		if o.Phase == phase {
			f.hang()
		}
		return nil
	}
}
