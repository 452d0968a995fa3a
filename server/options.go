package server

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/systemd"
)

// Options are a server's settings. The zero value of each stands for its default.
type Options struct {
	// Listen is where: HOST:PORT, or fd: for the socket that Systemd hands over, or fd:NAME for one of several. Empty: that
	// socket if there is one, else "127.0.0.1:8080". An address beside a socket that was handed over is refused: one of the
	// two would be served by nobody.
	Listen      string
	Store       string        // sqlite:PATH, or a URL as pgx takes it: postgres://USER@HOST/DATABASE; "sqlite:lastcall.db"
	Node        string        // this node's name; the host's
	Grace       time.Duration // what the platform gives between SIGTERM and SIGKILL; 30 s
	Concurrency int           // runs at a time; 64
	// MaxConnections bounds the connections of clients; who comes beyond it is answered too_many_connections, and probes
	// are answered as ever. It is never more than the limit of descriptors leaves, which is also the default.
	MaxConnections int
	// Auth "off" allows listening beyond loopback although no token is configured: whoever reaches the port may then
	// do everything. Empty: loopback only.
	Auth string
	// Advertise is where its peers reach this node, HOST or HOST:PORT: when one of them is told to stop it asks there
	// whether this one is ready. Empty: where it listens; if that is every address of the host, localhost on SQLite, and
	// on PostgreSQL the first address that other hosts can reach.
	Advertise string
	Drain     Drain

	// StoreOutlivesPod says that the file is on a volume that the next pod gets too: LingerAuto is LingerOn then, as it is
	// under Kubernetes on PostgreSQL in any case.
	StoreOutlivesPod bool

	KeepTasks  time.Duration // finished tasks; 7 days
	KeepEvents time.Duration // events; 7 days
	MaxCrashes int           // crashes after which a task fails; 3
	Limits     lastcall.Limits

	// Systemd is the service manager that started the process, as systemd.Inherit found it. It is told when the node serves,
	// what its drain waits for and that it lives, and may hand over the listener; nil: none.
	Systemd *systemd.Manager

	Version string       // shown to peers and in the node list; "dev"
	Logger  *slog.Logger // slog.Default()
	// Signals replaces the SIGTERM and SIGINT of the process. A channel on which nothing ever comes leaves them to the
	// program, which ends Run by its context.
	Signals <-chan os.Signal
	Exit    func(code int) // for the watchdog and the third SIGINT; os.Exit
	Report  string         // file that the drain's report is also written to, if it exists: /dev/termination-log
}

// Drain are the settings of the orderly stop; docs/drain.md explains them.
type Drain struct {
	Mode      drain.Mode      // handover, refuse
	Backlog   drain.Backlog   // auto, finish, leave
	Readiness drain.Readiness // auto, early, late
	Linger    Linger          // auto, on, off
	Announce  drain.Window    // how long everything is still served once a peer is there
	Handover  Handover
	HandBack  time.Duration // how long before the deadline running work is handed back; StopTimeout + 2 s
	// StopTimeout is what a handler is given to return after its context has ended: 5 s, and in a drain as long as the
	// slowest of the types asks for. Where it is set, a type that asks for more is refused, by Run.
	StopTimeout time.Duration
}

// Linger says whether a node that is told to stop while no peer is there serves on until one is, as long as its grace
// allows.
type Linger string

// The settings of Linger.
const (
	LingerAuto Linger = "auto" // where the store outlives this node's process and another is sure to come (default)
	LingerOn   Linger = "on"
	LingerOff  Linger = "off"
)

// ReadinessAuto leaves it to the platform when /readyz turns: late under Kubernetes, early elsewhere (default).
const ReadinessAuto drain.Readiness = "auto"

// Handover is how connections are sent on to a peer.
type Handover struct {
	Rate int // clients a second; 500
}

// withDefaults fills in what was left out and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	o.Listen = o.whereToListen()
	def(&o.Store, "sqlite:lastcall.db")
	def(&o.Grace, 30*time.Second)
	def(&o.Concurrency, 64)
	def(&o.KeepTasks, 7*24*time.Hour)
	def(&o.KeepEvents, 7*24*time.Hour)
	def(&o.MaxCrashes, lastcall.DefaultMaxCrashes)
	def(&o.Version, "dev")
	o.Limits = o.Limits.WithDefaults()
	def(&o.Report, "/dev/termination-log")
	def(&o.Drain.Linger, LingerAuto)
	if o.Node == "" {
		name, err := os.Hostname()
		if err != nil {
			return o, fmt.Errorf("no node name given and the host has none: %w", err)
		}
		o.Node = name
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Exit == nil {
		o.Exit = os.Exit
	}
	if err := o.check(); err != nil {
		return o, err
	}
	return o, nil
}

// Check says everything that is wrong with the options, also with these types to be run, and nothing of the world around
// them: New finds that out. Its error wraps one for each mistake, and each has a method Settings() []string that names
// the settings it lies in, as lastcall.yaml spells them, for whoever knows where they were written.
func (o Options) Check(types ...lastcall.TaskType) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	return o.checkTypes(types)
}

func (o Options) check() error {
	var wrong []error
	add := func(err error, settings ...string) {
		if err != nil {
			wrong = append(wrong, &mistake{err, settings})
		}
	}
	if o.Auth != "" && o.Auth != "off" {
		add(fmt.Errorf("auth %q: the only setting there is, is off", o.Auth), "auth")
	}
	if o.Concurrency < 1 || o.Concurrency > 10_000 {
		add(fmt.Errorf("concurrency %d: must be from 1 to 10000", o.Concurrency), "concurrency")
	}
	if o.MaxConnections < 0 {
		add(fmt.Errorf("max_connections %d: must be at least 1", o.MaxConnections), "max_connections")
	}
	if o.KeepTasks < 0 || o.KeepEvents < 0 {
		add(errors.New("retention must not be negative"), "retention.tasks", "retention.events")
	}
	if o.MaxCrashes < 1 {
		add(fmt.Errorf("max_crashes %d: must be at least 1", o.MaxCrashes), "max_crashes")
	}
	if !slices.Contains([]Linger{LingerAuto, LingerOn, LingerOff}, o.Drain.Linger) {
		add(fmt.Errorf("drain linger %q: must be auto, on or off", o.Drain.Linger), "drain.linger")
	}
	if why := o.Limits.CheckName(o.Node); why != "" {
		add(fmt.Errorf("node name %s", why), "node")
	}
	add(o.checkStore(), "store")
	add(o.checkAddress(), "listen", "auth")
	add(o.checkAdvertise(), "advertise")
	add(o.plan(nil).WithDefaults().Validate(), "grace", "stop_timeout", "drain.mode", "drain.backlog", "drain.readiness",
		"drain.linger", "drain.hand_back", "drain.announce.min", "drain.announce.quiet", "drain.announce.max", "drain.handover.rate")
	return errors.Join(wrong...)
}

// SettingError is a mistake in the Options, found before anything was begun.
type SettingError struct{ err error }

func (e *SettingError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong.
func (e *SettingError) Unwrap() error { return e.err }

// mistake is what is wrong with one setting, or with how several go together.
type mistake struct {
	error

	settings []string
}

func (m *mistake) Settings() []string { return m.settings }

func def[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// plan is how the drain of a node that runs these types is to go. Every store that there is can be shared: whether
// somebody shares it is asked when the drain begins.
func (o Options) plan(types []lastcall.TaskType) drain.Plan {
	stop, handBack := o.stopTimes(types)
	p := drain.Plan{
		Grace: o.Grace, HandBack: handBack, StopTimeout: stop,
		Mode: o.Drain.Mode, Backlog: o.Drain.Backlog, Readiness: o.Drain.Readiness,
		Shared: true, Linger: o.lingers(), Heir: o.inherits(), Announce: o.Drain.Announce, HandoverRate: o.Drain.Handover.Rate,
		Kubernetes: drain.OnKubernetes(),
	}
	if p.Readiness == ReadinessAuto {
		p.Readiness = ""
	}
	return p
}

// lingers decides LingerAuto. On one host nobody is sure to come: who stops the last process means it. A platform that
// keeps up a number of pods starts another for each that it stops, and it finds its work where the store outlived this one.
func (o Options) lingers() bool {
	if o.Drain.Linger == LingerAuto {
		return o.StoreOutlivesPod || drain.OnKubernetes() && OnPostgres(o.Store)
	}
	return o.Drain.Linger == LingerOn
}
