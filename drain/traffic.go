package drain

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// traffic counts requests. Its fields are written by the goroutines of all
// requests and read by the drain.
type traffic struct {
	told        atomic.Bool // the drain has begun
	last        atomic.Pointer[time.Time]
	afterSignal atomic.Int64
	refused     atomic.Int64
}

func (t *traffic) lastRequest() time.Time {
	if last := t.last.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

// Count is middleware that sees every request for the drain: for the quiet that
// ends Announce, and for the report. Probes and scrapes are not counted. From
// Announce on it asks HTTP/1 clients to come back on another connection, which
// then leads elsewhere; upgrades are left alone.
func (d *Drainer) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.options.Probe(r) {
			d.count()
		}
		if d.Leaving() && r.ProtoMajor == 1 && r.Header.Get("Upgrade") == "" {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// count is kept to one store while nobody drains: it is on the way of every request.
func (d *Drainer) count() {
	if !d.traffic.told.Load() {
		return
	}
	now := time.Now()
	d.traffic.last.Store(&now)
	d.traffic.afterSignal.Add(1)
}

// Leaving reports whether a connection kept open here leads nowhere for long.
func (d *Drainer) Leaving() bool {
	phase := d.Phase()
	return phase != Ready && phase != Linger
}

// CountRefused counts a request that was refused because of the drain. Whoever
// refuses calls it: only they know which answer is one.
func (d *Drainer) CountRefused() { d.traffic.refused.Add(1) }

// probePaths are where platforms ask for health and metrics, by custom.
var probePaths = map[string]bool{
	"/readyz": true, "/livez": true, "/health": true, "/healthz": true, "/metrics": true,
	"/v1/drain": true, // whoever watches a drain must not keep it from being quiet
}

// probeAgents are how platforms introduce themselves when they probe elsewhere.
var probeAgents = []string{"kube-probe/", "GoogleHC/", "ELB-HealthChecker/", "Prometheus/"}

// IsProbe reports whether a request is a platform's and not a client's.
func IsProbe(r *http.Request) bool {
	if probePaths[r.URL.Path] {
		return true
	}
	agent := r.UserAgent()
	for _, prefix := range probeAgents {
		if strings.HasPrefix(agent, prefix) {
			return true
		}
	}
	return false
}
