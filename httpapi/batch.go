package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// submitBatch takes many tasks in one transaction, all of them or none (G1, G10). One bad task and nothing is written:
// the answer then says of each field that is wrong in which task it stands. A key may come twice, as it may in two
// submits: with the same body both are answered with one task, with another nothing is written.
func (a *api) submitBatch(c *call) error {
	who, err := a.whoAsks(c.r)
	if err != nil {
		return err
	}
	if err := acceptJSON(c.r); err != nil {
		return err
	}
	if len(c.r.Header[keyHeader]) > 0 {
		return invalid(field(keyHeader, "is for one task; here each may have its own, as idempotency_key"))
	}
	list, err := c.readBatch(who)
	if err != nil {
		return err
	}
	if err := c.refuse(); err != nil {
		return err
	}
	if err := c.applyTypes(list); err != nil {
		return err
	}
	done, err := a.Store.Submit(c.lasting(), list)
	if err != nil {
		return whichKey(err)
	}
	c.took(done)
	c.answerBatch(done)
	return nil
}

// maxErrors bounds how many errors of a batch are named: who gets a thousand tasks wrong makes one mistake.
const maxErrors = 100

// readBatch reads and checks everything that can be without the store.
func (c *call) readBatch(who Identity) ([]lastcall.Submission, error) {
	body, err := c.readBody(c.api.Limits.BatchBody)
	if err != nil {
		return nil, err
	}
	items, err := decodeBatch(body, c.api.Limits.Batch)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	list := make([]lastcall.Submission, len(items))
	var wrong []lastcall.FieldError
	for i, item := range items {
		s, errs := decodeItem(item, who)
		if errs == nil {
			s.Client = who.actsFor(s.Client)
			errs = c.api.Limits.Check(&s, now)
		}
		wrong = append(wrong, ofItem(i, errs)...)
		if len(wrong) >= maxErrors {
			break
		}
		list[i] = s
	}
	if wrong != nil {
		return nil, invalid(wrong[:min(len(wrong), maxErrors)]...)
	}
	return list, nil
}

// ofItem says of errors in which task of a batch they are, and names the key as a batch does.
func ofItem(i int, errs []lastcall.FieldError) []lastcall.FieldError {
	for n := range errs {
		errs[n].Item = &i
		if errs[n].Field == keyHeader {
			errs[n].Field = keyField
		}
	}
	return errs
}

// applyTypes is applyType for each task. All types that nobody knows are named.
func (c *call) applyTypes(list []lastcall.Submission) error {
	var unknown []lastcall.FieldError
	for i := range list {
		err := c.applyType(&list[i])
		switch {
		case err == nil:
		case lastcall.CodeOf(err) != lastcall.CodeUnknownType:
			return err
		case len(unknown) < maxErrors:
			unknown = append(unknown, ofItem(i, []lastcall.FieldError{field("type", "is one that no node has run within a day")})...)
		}
	}
	if unknown == nil {
		return nil
	}
	detail := "no node has run the type of task " + strconv.Itoa(*unknown[0].Item) + " within a day"
	return &lastcall.Error{Code: lastcall.CodeUnknownType, Detail: detail, Fields: unknown}
}

// whichKey says an idempotency_mismatch of the store in the words of a batch.
func whichKey(err error) error {
	e, ok := errors.AsType[*lastcall.Error](err)
	if !ok || e.Code != lastcall.CodeIdempotencyMismatch || len(e.Fields) == 0 || e.Fields[0].Item == nil {
		return err
	}
	at := *e.Fields[0].Item
	return &lastcall.Error{
		Code: e.Code, Detail: "the key of task " + strconv.Itoa(at) + " was used with another body",
		Fields: ofItem(at, []lastcall.FieldError{field(keyField, "was used with another body")}), Err: err,
	}
}

// answerBatch answers with the tasks, in the order of the request.
func (c *call) answerBatch(done []lastcall.Submitted) {
	b := borrow()
	defer b.giveBack()
	b.raw(`{"tasks":[`)
	for i := range done {
		if i > 0 {
			b.raw(",")
		}
		b.task(&done[i].Task)
	}
	b.raw("]}")
	c.answer(http.StatusAccepted, typeJSON, b.bytes)
}
