package drain

import (
	"encoding/json"
	"net/http"
)

// ServeReady is /readyz: 200 while a balancer is to send clients here, else 503
// with the phase.
func (d *Drainer) ServeReady(w http.ResponseWriter, _ *http.Request) {
	o := d.Orders()
	if o.Ready {
		answer(w, http.StatusOK, map[string]any{"status": "ready"})
		return
	}
	answer(w, http.StatusServiceUnavailable, map[string]any{"status": "draining", "phase": o.Phase})
}

// ServeHealth is /health: 503 from the signal on, always. Nothing that routes
// traffic should follow it; it is for whoever wants to know that a stop was asked for.
func (d *Drainer) ServeHealth(w http.ResponseWriter, _ *http.Request) {
	if d.Told() {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "draining", "phase": d.Phase()})
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ok"})
}

// ServeStatus is GET /v1/drain.
func (d *Drainer) ServeStatus(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, d.Status())
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(body)
}
