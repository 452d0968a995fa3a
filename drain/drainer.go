package drain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the parts of a Drainer that are not its plan. The zero value is
// right for a program of its own.
type Options struct {
	// Logger: slog.Default().
	Logger *slog.Logger
	// Signals replaces the SIGTERM and SIGINT of the process, for tests and
	// for programs that hear signals themselves. A channel on which nothing
	// ever comes makes a drain that only Start or the context begins.
	Signals <-chan os.Signal
	// Exit ends the process from the watchdog or on the third SIGINT: os.Exit.
	Exit func(code int)
	// Stderr takes the one line written before that: os.Stderr.
	Stderr io.Writer
	// TerminationFile takes the report at the end, where a platform looks for
	// it (TerminationFile of this package under Kubernetes). It is not
	// created: one that is not there is no error. Empty: none.
	TerminationFile string
	// Probe tells probes and scrapes from requests: IsProbe.
	Probe func(*http.Request) bool
}

func (o Options) withDefaults() Options {
	def(&o.Logger, slog.Default())
	if o.Exit == nil {
		o.Exit = os.Exit
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Probe == nil {
		o.Probe = IsProbe
	}
	return o
}

// A Drainer takes one service through one drain. Its methods may be called from
// any goroutine and, but for Answers, never block.
type Drainer struct {
	plan    Plan
	service Service
	options Options
	traffic traffic
	dog     watchdog

	signals <-chan os.Signal
	deafen  func() // ends signals

	calls chan string   // what Start was told; Run hears it
	asks  chan struct{} // no place: whoever gets rid of one knows that Run takes things in
	pokes chan struct{} // one place: facts changed since the last look
	begun chan struct{} // closed when the drain begins
	once  sync.Once     // Run

	now    atomic.Pointer[view]   // what Run last decided
	report atomic.Pointer[Report] // nil until the end
	code   atomic.Int32
}

// view is what readers see of Run's state; it is never changed, only replaced.
type view struct {
	state  State
	orders Orders
	trail  []stretch
}

// stretch is a phase that was entered, and when.
type stretch struct {
	phase Phase
	from  time.Time
}

// New makes a Drainer for a service. It fills in the plan's defaults and
// refuses a plan that does not fit its grace.
//
// From here on SIGTERM and SIGINT do not end the process: one that comes before
// Run is heard by Run. So make the Drainer before anybody can be let in.
func New(p Plan, service Service, o Options) (*Drainer, error) {
	p = p.WithDefaults()
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if service == nil {
		return nil, errors.New("drain: there is no service to drain")
	}
	d := &Drainer{
		plan: p, service: service, options: o.withDefaults(),
		calls: make(chan string, 16),
		asks:  make(chan struct{}),
		pokes: make(chan struct{}, 1),
		begun: make(chan struct{}),
	}
	d.signals, d.deafen = listen(d.options.Signals)
	d.show(State{Phase: Ready, Since: time.Now()}, nil)
	return d, nil
}

// show makes a decision visible to all readers at once.
func (d *Drainer) show(s State, trail []stretch) {
	d.now.Store(&view{state: s, orders: s.Orders(d.plan), trail: trail})
}

// Start begins the drain as a signal would, for a reason that the report names
// as its signal. Once a drain has begun it does nothing.
func (d *Drainer) Start(reason string) {
	select {
	case d.calls <- reason:
	default: // sixteen others have asked and not been heard yet
	}
}

// Poke says that facts have changed and a new Look is worth taking. Losing one
// costs no more than a tenth of a second.
func (d *Drainer) Poke() {
	select {
	case d.pokes <- struct{}{}:
	default:
	}
}

// Answers returns as soon as Run's goroutine has come round to whoever asks, which
// takes no longer than it takes to decide something: nothing of the service's is
// waited for. It fails only when ctx ends first, before or after Run, or because
// that goroutine hangs. A watchdog of the platform may go by it.
func (d *Drainer) Answers(ctx context.Context) error {
	select {
	case d.asks <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain: no answer: %w", context.Cause(ctx))
	}
}

// Plan is the plan with its defaults filled in.
func (d *Drainer) Plan() Plan { return d.plan }

// Begun is closed when the drain begins.
func (d *Drainer) Begun() <-chan struct{} { return d.begun }

// Told reports whether the process was asked to stop: the read flag of /health.
func (d *Drainer) Told() bool { return d.now.Load().state.Told() }

// Phase is the phase that the drain is in.
func (d *Drainer) Phase() Phase { return d.now.Load().state.Phase }

// Orders are the orders that hold now.
func (d *Drainer) Orders() Orders { return d.now.Load().orders }

// Ready reports what a balancer is to be told: /readyz.
func (d *Drainer) Ready() bool { return d.Orders().Ready }

// Refusing reports whether new work is to be refused: 503, code draining.
func (d *Drainer) Refusing() bool { return d.Orders().Refuse }

// ExitCode is what the process is to exit with once Run has returned.
func (d *Drainer) ExitCode() int { return int(d.code.Load()) }

// Exit codes.
const (
	ExitDrained     = 0   // everything in order, work that was handed back included
	ExitCloseFailed = 1   // the service could not be closed properly; Run says why
	ExitDeadline    = 3   // something hung, and the watchdog ended the process
	ExitInterrupted = 130 // the third SIGINT
)
