// Package meter counts and times what a node does, for Prometheus.
//
// The other rooms know nothing of it: they call functions that the server hands them, and a Meter is where those lead.
// What is a state rather than a sum (queues, connections, the phase of the drain) is not counted here but asked for when
// somebody looks, by the collector in scrape.go. docs/metrics.md says what each metric means; a test holds the two
// against each other.
//
// The labels are bounded. Task types are those of the node itself; a queue can be named by any client, so that at most
// mostQueues of them are shown by name.
package meter

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lastcall-dev/lastcall"
)

// Meter is a node's. Its methods may be called concurrently, and none of them blocks.
type Meter struct {
	registry *prometheus.Registry

	submitted *prometheus.CounterVec
	settled   *prometheus.CounterVec
	refused   *prometheus.CounterVec
	gaps      *prometheus.CounterVec
	handovers *prometheus.CounterVec
	lent      *prometheus.CounterVec
	renewed   *prometheus.CounterVec
	lapsed    *prometheus.CounterVec // without labels
	run       *prometheus.HistogramVec
	notify    *prometheus.HistogramVec
	commit    *prometheus.HistogramVec // without labels
	batch     *prometheus.HistogramVec // without labels
}

// The bounds of the histograms, in seconds. A commit is a sync of a disk and a few hundred microseconds at best, a
// notification should come within the 20 ms that are aimed at, and a run takes what it takes.
var (
	commitBounds = []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5}
	notifyBounds = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60}
	runBounds    = []float64{.001, .005, .02, .1, .5, 1, 5, 15, 60, 300, 900, 3600}
	batchBounds  = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
)

// New makes a node's meter.
func New() *Meter {
	m := &Meter{
		registry:  prometheus.NewRegistry(),
		submitted: counter("submits_total", "Tasks that were accepted here; a repeated submit under a known key is not counted again.", "type"),
		settled: counter("settled_total", "Runs that ended here, by what became of the task: succeeded, failed, canceled, retrying (a failed "+
			"attempt, or a hand-back that waits) or handed_back (queued again at no cost).", "type", "outcome"),
		refused:   counter("refused_total", "Requests and handshakes that were answered with a problem, by its code.", "reason"),
		gaps:      counter("gaps_total", "Gaps that clients were told of: expired, epoch or ahead.", "why"),
		handovers: counter("handovers_total", "Connections that a drain sent on to a peer.", "transport"),
		lent: counter("leases_total", "Tasks that this node has leased to workers outside. What they settle here is in settled_total and "+
			"run_seconds too, twice if they tell it twice as an answer was lost.", "type"),
		renewed: counter("leases_renewed_total", "Renewals of leases of workers outside.", "type"),
		lapsed: counter("leases_lapsed_total", "Leases of workers outside that ran out and were ended by this node: a worker died, or was "+
			"too slow to renew."),
		run: histogram("run_seconds", "How long runs took, from their start to their outcome.", runBounds, "type"),
		notify: histogram("notify_seconds", "From the commit of an event to its being written to a client that was connected and had read all "+
			"before it.", notifyBounds, "transport"),
		commit: histogram("commit_seconds", "How long the store's commits took, the sync of the disk included; those that wrote nothing "+
			"are left out.", commitBounds),
		batch: histogram("commit_batch_size", "How many calls shared a commit.", batchBounds),
	}
	m.registry.MustRegister(
		m.submitted, m.settled, m.refused, m.gaps, m.handovers, m.lent, m.renewed, m.lapsed, m.run, m.notify, m.commit, m.batch,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds}, labels)
}

const namespace = "lastcall"

// Ask has the sources asked for states when somebody looks, from now on. It is called once.
func (m *Meter) Ask(sources Sources) { m.registry.MustRegister(&scrape{sources}) }

// Handler answers GET /metrics.
func (m *Meter) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		// What can be had is better than an error page: a store that is away hides the queues, and not the rest.
		ErrorHandling: promhttp.ContinueOnError, DisableCompression: true, Timeout: 5 * time.Second, MaxRequestsInFlight: 4,
	})
}

// Submitted counts an accepted task.
func (m *Meter) Submitted(typ string) { m.submitted.WithLabelValues(typ).Inc() }

// Settled counts a run's end, and what became of its task; took is how long it ran.
func (m *Meter) Settled(typ string, became lastcall.Status, took time.Duration) {
	m.settled.WithLabelValues(typ, outcome(became)).Inc()
	m.run.WithLabelValues(typ).Observe(took.Seconds())
}

// outcome is what a run came to: a task that is scheduled again will be tried again, one that is queued was handed back.
func outcome(became lastcall.Status) string {
	switch became {
	case lastcall.Scheduled:
		return "retrying"
	case lastcall.Queued:
		return "handed_back"
	default:
		return string(became)
	}
}

// Refused counts a request that was refused with a code.
func (m *Meter) Refused(code lastcall.Code) { m.refused.WithLabelValues(string(code)).Inc() }

// Gap counts a gap that a client was told of.
func (m *Meter) Gap(why lastcall.GapReason) { m.gaps.WithLabelValues(string(why)).Inc() }

// HandedOver counts a connection that was sent on.
func (m *Meter) HandedOver(transport string) { m.handovers.WithLabelValues(transport).Inc() }

// Lent counts a lease of a task of the type.
func (m *Meter) Lent(typ string) { m.lent.WithLabelValues(typ).Inc() }

// Renewed counts a renewal of one.
func (m *Meter) Renewed(typ string) { m.renewed.WithLabelValues(typ).Inc() }

// Lapsed counts leases that have run out.
func (m *Meter) Lapsed(leases int) { m.lapsed.WithLabelValues().Add(float64(leases)) }

// Notified times an event from its commit to its being written to a client.
func (m *Meter) Notified(transport string, took time.Duration) {
	m.notify.WithLabelValues(transport).Observe(max(took, 0).Seconds())
}

// Committed counts a commit of the store that so many calls shared.
func (m *Meter) Committed(calls int, took time.Duration) {
	m.batch.WithLabelValues().Observe(float64(calls))
	m.commit.WithLabelValues().Observe(took.Seconds())
}
