package httpapi

// metrics is for Prometheus. Like the probes it takes any parameters, and what it answers with is for the client and the
// exporter to agree on.
func (a *api) metrics(c *call) error {
	c.handOver(a.Metrics.ServeHTTP)
	return nil
}
