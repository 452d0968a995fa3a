package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/lease"
)

// leasePath and an id are where a worker outside says what becomes of its lease.
const leasePath = "/v1/leases/"

// leaseTasks lends tasks to a worker outside: at once if some are due, else, with wait, when the first one is. A node that
// stops and has a peer lends on; one that is alone has nothing any more.
func (a *api) leaseTasks(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	body, err := c.readBody(a.Limits.Body)
	if err != nil {
		return err
	}
	r, err := a.decodeLeaseRequest(body)
	if err != nil {
		return err
	}
	if err := c.knowsAll(r.Types); err != nil {
		return err
	}
	loans, err := a.Leases.Lease(c.ctx(), r)
	if err != nil {
		return err
	}
	c.answerLoans(loans)
	return nil
}

// knowsAll refuses types that nobody knows: a worker that waits for a misspelled one would wait for ever.
func (c *call) knowsAll(types []string) error {
	var unknown []lastcall.FieldError
	for _, name := range types {
		if _, ok := c.api.Types.Lookup(name); ok {
			continue
		}
		known, err := c.api.announced.has(c.lasting(), name)
		if err != nil {
			return err
		}
		if !known {
			unknown = append(unknown, field("types", "names "+shown(name)+", which no node has run within a day"))
		}
	}
	if unknown == nil {
		return nil
	}
	return &lastcall.Error{Code: lastcall.CodeUnknownType, Detail: "no node knows a type that is asked for", Fields: unknown}
}

// answerLoans answers with what was lent, and whether the worker had better ask elsewhere from now on.
func (c *call) answerLoans(loans []lease.Loan) {
	b := borrow()
	defer b.giveBack()
	b.raw(`{"leases":[`)
	for i := range loans {
		of := &loans[i]
		if i > 0 {
			b.raw(",")
		}
		b.raw(`{"id":`).text(of.ID)
		b.raw(`,"token":`).text(of.Token)
		b.raw(`,"expires_at":`).time(&of.ExpiresAt)
		b.raw(`,"checkpoint":`).json(shownCheckpoint(of.Task.Checkpoint))
		b.raw(`,"task":`).task(&of.Task)
		b.raw("}")
	}
	b.raw(`],"draining":`).bool(c.api.Drain.Told())
	b.raw("}")
	c.answer(http.StatusOK, typeJSON, b.bytes)
}

// shownCheckpoint is a checkpoint as JSON. One of a handler in Go may be any bytes: it is shown as a string of base64.
func shownCheckpoint(data []byte) json.RawMessage {
	if len(data) == 0 || (json.Valid(data) && utf8.Valid(data)) {
		return data
	}
	return json.RawMessage(`"` + base64.StdEncoding.EncodeToString(data) + `"`)
}

// renewLease keeps a lease, and what the run wants to outlive it.
func (a *api) renewLease(c *call) error {
	w, err := c.readWord(renewFields)
	if err != nil {
		return err
	}
	kept, err := a.Leases.Renew(c.lasting(), c.name, w.token, lease.Renewal{Progress: w.progress, Checkpoint: w.checkpoint})
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.raw(`{"expires_at":`).time(&kept.ExpiresAt)
	b.raw(`,"cancel_requested":`).bool(kept.CancelRequested)
	b.raw(`,"draining":`).bool(kept.Draining)
	b.raw("}")
	c.answer(http.StatusOK, typeJSON, b.bytes)
	return nil
}

// completeLease ends a task that a worker outside has done.
func (a *api) completeLease(c *call) error {
	w, err := c.readWord(completeFields)
	if err != nil {
		return err
	}
	return c.settled(a.Leases.Complete(c.lasting(), c.name, w.token, w.output))
}

// failLease ends an attempt that failed.
func (a *api) failLease(c *call) error {
	w, err := c.readWord(failFields)
	if err != nil {
		return err
	}
	return c.settled(a.Leases.Fail(c.lasting(), c.name, w.token, lease.Failure{
		Error: *w.failure, RetryAfter: w.retryAfter, Permanent: w.permanent,
	}))
}

// releaseLease takes a task back that a worker outside could not finish.
func (a *api) releaseLease(c *call) error {
	w, err := c.readWord(releaseFields)
	if err != nil {
		return err
	}
	wait := lease.AtOnce
	if w.retryAfter != nil {
		wait = *w.retryAfter
	}
	return c.settled(a.Leases.Release(c.lasting(), c.name, w.token, w.checkpoint, wait))
}

// settled answers with what has become of a task.
func (c *call) settled(t lastcall.Task, err error) error {
	if err != nil {
		return err
	}
	c.answerTask(http.StatusOK, &t)
	return nil
}
