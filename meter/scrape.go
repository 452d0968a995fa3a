package meter

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lastcall-dev/lastcall"
)

// Sources are asked for states when somebody looks. They may be called concurrently.
type Sources struct {
	Queues      func(ctx context.Context) ([]lastcall.Queue, error)
	Connections func() map[string]int   // by transport
	Seats       func() (open, most int) // connections there are, and may be; 0: any number
	Running     func() int
	Phase       func() string
	Phases      []string // all that there are
	Version     string
}

// scrape is the collector that asks the sources.
type scrape struct{ Sources }

const (
	// mostQueues bounds how many queues are shown by name, the fullest first: clients choose the names.
	mostQueues = 100
	// others is the name under which the rest is summed up. No queue can be called that: names are printable.
	others = "(others)"
	// askWithin bounds the wait for the store.
	askWithin = 2 * time.Second
)

var (
	queueTasks  = desc("queue_tasks", "Tasks that are queued, scheduled or running, on the whole store.", "queue", "status")
	queueAge    = desc("queue_oldest_age_seconds", "How long the longest waiting queued task has been due.", "queue")
	queuePaused = desc("queue_paused", "1 if the queue is paused.", "queue")
	connections = desc("connections", "Clients that are connected: websocket, sse (long-polls included).", "transport")
	open        = desc("connections_open", "All connections to the listener: those clients, requests, idle ones.")
	seats       = desc("connections_max", "How many connections are let in (max_connections), 0: any number. Who comes beyond is counted in "+
		`refused_total{reason="too_many_connections"}.`)
	running = desc("running", "Runs that go on here.")
	phase   = desc("drain_phase", "1 for the phase that the node is in, 0 for the others.", "phase")
	build   = desc("build_info", "1, with the version.", "version")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// Describe lists what Collect brings.
func (s *scrape) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueTasks, queueAge, queuePaused, connections, open, seats, running, phase, build} {
		out <- d
	}
}

// Collect asks the sources.
func (s *scrape) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s.collectQueues(out, gauge)
	for transport, n := range s.Connections() {
		gauge(connections, float64(n), transport)
	}
	taken, most := s.Seats()
	gauge(open, float64(taken))
	gauge(seats, float64(most))
	now := s.Phase()
	for _, p := range s.Phases {
		gauge(phase, number(p == now), p)
	}
	gauge(running, float64(s.Running()))
	gauge(build, 1, s.Version)
}

func (s *scrape) collectQueues(out chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	queues, err := s.Queues(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(queueTasks, err)
		return
	}
	for _, q := range fullest(queues) {
		gauge(queueTasks, float64(q.Queued), q.Name, string(lastcall.Queued))
		gauge(queueTasks, float64(q.Scheduled), q.Name, string(lastcall.Scheduled))
		gauge(queueTasks, float64(q.Running), q.Name, string(lastcall.Running))
		gauge(queueAge, q.OldestQueued.Seconds(), q.Name)
		if q.Name != others {
			gauge(queuePaused, number(q.Paused), q.Name)
		}
	}
}

// fullest are the queues to show: those with the most to do by their names, the rest summed up.
func fullest(queues []lastcall.Queue) []lastcall.Queue {
	if len(queues) <= mostQueues {
		return queues
	}
	queues = slices.SortedStableFunc(slices.Values(queues), func(a, b lastcall.Queue) int {
		return -cmp.Compare(a.Queued+a.Scheduled+a.Running, b.Queued+b.Scheduled+b.Running)
	})
	rest := lastcall.Queue{Name: others}
	for _, q := range queues[mostQueues:] {
		rest.Queued += q.Queued
		rest.Scheduled += q.Scheduled
		rest.Running += q.Running
		rest.OldestQueued = max(rest.OldestQueued, q.OldestQueued)
	}
	return append(queues[:mostQueues], rest)
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
