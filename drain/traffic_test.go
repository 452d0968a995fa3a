package drain

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAProbeIsKnownByItsPathOrByWhoSendsIt(t *testing.T) {
	for target, want := range map[string]bool{
		"/readyz": true, "/livez": true, "/health": true, "/healthz": true, "/metrics": true, "/v1/drain": true,
		"/v1/tasks": false, "/": false, "/readyz/": false,
	} {
		if got := IsProbe(httptest.NewRequest(http.MethodGet, target, nil)); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
	for agent, want := range map[string]bool{
		"kube-probe/1.34": true, "GoogleHC/1.0": true, "ELB-HealthChecker/2.0": true, "Prometheus/3.1": true,
		"curl/8.5": false, "": false, "not-kube-probe/1": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", agent)
		if got := IsProbe(r); got != want {
			t.Errorf("%q: %v", agent, got)
		}
	}
}

// A connection that stays open leads a client back to a process that is going.
func TestAnHTTP1ClientIsAskedToComeBackOnAnotherConnection(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		if got := r.connectionHeader("", 1); got != "" {
			t.Errorf("before the drain: Connection: %s", got)
		}
		r.terminate()
		if got := r.connectionHeader("", 1); got != "close" {
			t.Errorf("in finish: Connection: %q", got)
		}
		if got := r.connectionHeader("websocket", 1); got != "" {
			t.Errorf("to an upgrade: Connection: %q", got)
		}
		if got := r.connectionHeader("", 2); got != "" {
			t.Errorf("over HTTP/2: Connection: %q", got)
		}
	})
}

func (r *rig) connectionHeader(upgrade string, major int) string {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.ProtoMajor = major
	if upgrade != "" {
		request.Header.Set("Upgrade", upgrade)
	}
	w := httptest.NewRecorder()
	r.Count(http.NotFoundHandler()).ServeHTTP(w, request)
	return w.Header().Get("Connection")
}
