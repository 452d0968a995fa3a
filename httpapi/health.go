package httpapi

import "net/http"

// The three questions that machines ask. They take any parameters and any Accept: a probe that is answered with an
// error of form is a node that is taken out of rotation, or killed, for nothing.

// HeaderIncarnation is the header in which /readyz says who answers.
const HeaderIncarnation = "Lastcall-Incarnation"

// health is the body of a probe.
type health struct {
	Status string `json:"status"`
	Phase  string `json:"phase,omitempty"`
}

// readyz is for balancers. When it turns is the drain's decision: readiness that is withdrawn while nobody else is
// ready makes the platform refuse connections that this node would still serve.
func (a *api) readyz(c *call) error {
	if a.Incarnation != nil {
		c.w.Header()[HeaderIncarnation] = []string{a.Incarnation()}
	}
	return c.probe(a.Drain.Ready(), "ready")
}

// health is the plain flag: 503 from the moment the node is told to stop.
func (a *api) health(c *call) error { return c.probe(!a.Drain.Told(), "ok") }

// livez is 200 as long as there is someone to answer, drains included: a node that is restarted for draining loses work.
func (a *api) livez(c *call) error { return c.probe(true, "alive") }

func (c *call) probe(good bool, word string) error {
	if good {
		return c.answerJSON(http.StatusOK, health{Status: word})
	}
	c.w.Header().Set("Retry-After", retryAfter(0))
	return c.answerJSON(http.StatusServiceUnavailable, health{Status: "draining", Phase: c.api.Drain.Phase()})
}
