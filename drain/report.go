package drain

import (
	"encoding/json"
	"os"
	"time"
)

// TerminationFile is where Kubernetes reads a container's last message from.
const TerminationFile = "/dev/termination-log"

// Report is what a drain came to: one line on the log, the last answer of the
// status, and the message in the platform's termination file.
type Report struct {
	Signal              string      `json:"signal"`
	Phases              []PhaseTime `json:"phases"`
	Tasks               WorkTally   `json:"tasks"`
	Clients             ClientTally `json:"clients"`
	RequestsAfterSignal int64       `json:"requests_after_signal"` // probes and scrapes not counted
	Refused             int64       `json:"refused"`               // of those
	SpareMS             int64       `json:"spare_ms"`              // what was left to the deadline
	ExitCode            int         `json:"exit_code"`
}

// PhaseTime is how long a drain was in a phase. One passed twice stands twice.
type PhaseTime struct {
	Name Phase `json:"name"`
	MS   int64 `json:"ms"`
}

// newReport writes up the drain as it stands at now.
func (d *Drainer) newReport(now time.Time, t Tally) Report {
	v := d.now.Load()
	return Report{
		Signal:              v.state.Signal,
		Phases:              phaseTimes(v.trail, now),
		Tasks:               t.Work,
		Clients:             t.Clients,
		RequestsAfterSignal: d.traffic.afterSignal.Load(),
		Refused:             d.traffic.refused.Load(),
		SpareMS:             v.state.Deadline.Sub(now).Milliseconds(),
		ExitCode:            d.ExitCode(),
	}
}

func phaseTimes(trail []stretch, now time.Time) []PhaseTime {
	times := make([]PhaseTime, 0, len(trail))
	for i, s := range trail {
		end := now
		if i+1 < len(trail) {
			end = trail[i+1].from
		}
		times = append(times, PhaseTime{s.phase, end.Sub(s.from).Milliseconds()})
	}
	return times
}

// writeTermination leaves the report for the platform. It never creates the
// file: where it is not, nobody would read it.
func (d *Drainer) writeTermination(r Report) {
	if d.options.TerminationFile == "" {
		return
	}
	f, err := os.OpenFile(d.options.TerminationFile, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(r); err != nil {
		d.options.Logger.Warn("drain: termination file", "error", err)
	}
}

// line is a report as one JSON object in any kind of log: nested in a JSON one,
// quoted in a text one.
type line Report

func (l line) MarshalJSON() ([]byte, error) { return json.Marshal(Report(l)) }
func (l line) MarshalText() ([]byte, error) { return json.Marshal(Report(l)) }
