package drain

import "time"

// Status is a drain as seen from outside: GET /v1/drain.
type Status struct {
	Phase      Phase      `json:"phase"`
	Signal     string     `json:"signal"`   // empty while nobody has asked
	Since      time.Time  `json:"since"`    // the beginning of the phase
	Deadline   *time.Time `json:"deadline"` // null while nobody has asked
	WaitingFor Waiting    `json:"waiting_for"`
	Report     *Report    `json:"report"` // null until the end
}

// Status says where the drain stands. It asks the service what is being waited for.
func (d *Drainer) Status() Status {
	s := d.now.Load().state
	status := Status{
		Phase: s.Phase, Signal: s.Signal, Since: s.Since.UTC(),
		WaitingFor: d.service.WaitingFor(),
		Report:     d.report.Load(),
	}
	if status.WaitingFor.Work == nil {
		status.WaitingFor.Work = []string{} // a list on the wire, never null
	}
	if s.Told() {
		deadline := s.Deadline.UTC()
		status.Deadline = &deadline
	}
	return status
}
