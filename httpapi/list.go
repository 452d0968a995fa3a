package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// defaultPage is how many tasks a page holds if the request does not say.
const defaultPage = 50

// maxCursor bounds the text of a cursor that a client sends back.
const maxCursor = 512

var badCursor = field("cursor", "is not the next of an earlier page")

// listTasks lists tasks, newest first. Here ?client= is a filter; who asks is said by the header.
func (a *api) listTasks(c *call) error {
	q, err := readQuery(c.r, []string{"type", "queue", "client", "limit", "cursor", "label."}, []string{"status"})
	if err != nil {
		return err
	}
	if _, err := a.identify(c.r, query{}); err != nil {
		return err
	}
	if err := acceptJSON(c.r); err != nil {
		return err
	}
	f, errs := a.filter(q)
	if errs != nil {
		return invalid(errs...)
	}
	page, err := a.Store.Tasks(c.lasting(), f)
	if lastcall.CodeOf(err) == lastcall.CodeInvalidRequest { // all else was checked; what a cursor says only the store knows
		return invalid(badCursor)
	}
	if err != nil {
		return err
	}
	c.answerPage(&page)
	return nil
}

// filter reads what to list. A status may be repeated or a list with commas.
func (a *api) filter(q query) (f lastcall.Filter, errs []lastcall.FieldError) {
	bad := func(name, message string) { errs = append(errs, field(name, message)) }
	name := func(param string) string {
		v := q.get(param)
		if q.has(param) {
			if msg := a.Limits.CheckName(v); msg != "" {
				bad(shown(param), msg)
			}
		}
		return v
	}
	f.Type, f.Queue, f.Client = name("type"), name("queue"), name("client")
	for param := range q.values {
		if key, ok := strings.CutPrefix(param, "label."); ok {
			if f.Labels == nil {
				f.Labels = map[string]string{}
			}
			f.Labels[key] = name(param)
			if msg := a.Limits.CheckName(key); msg != "" {
				bad(shown(param), "the key "+msg)
			}
		}
	}
	if len(f.Labels) > a.Limits.Labels {
		bad("label", fmt.Sprintf("at most %d labels can be asked for", a.Limits.Labels))
	}
	f.Status = statuses(q, bad)
	f.Limit = pageLimit(q, a.Limits.Page, bad)
	if f.Before = q.get("cursor"); q.has("cursor") && (f.Before == "" || len(f.Before) > maxCursor) {
		errs = append(errs, badCursor)
	}
	slices.SortFunc(errs, func(a, b lastcall.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return f, errs
}

func statuses(q query, bad func(name, message string)) (list []lastcall.Status) {
	for _, v := range q.values["status"] {
		for word := range strings.SplitSeq(v, ",") {
			s := lastcall.Status(word)
			if !s.Valid() {
				bad("status", fmt.Sprintf("%q is none of %s", shown(word), allStatuses()))
				return nil
			}
			list = append(list, s)
		}
	}
	return list
}

func allStatuses() string {
	var names []string
	for _, s := range lastcall.Statuses() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func pageLimit(q query, most int, bad func(name, message string)) int {
	if !q.has("limit") {
		return min(defaultPage, most)
	}
	n, err := strconv.Atoi(q.get("limit"))
	if err != nil || n < 1 || n > most {
		bad("limit", fmt.Sprintf("must be a number from 1 to %d", most))
	}
	return n
}

// answerPage answers with a page of tasks. Next is null on the last one.
func (c *call) answerPage(page *lastcall.TaskPage) {
	b := borrow()
	defer b.giveBack()
	b.raw(`{"tasks":[`)
	for i := range page.Tasks {
		if i > 0 {
			b.raw(",")
		}
		b.task(&page.Tasks[i])
	}
	b.raw(`],"next":`)
	if page.Next == "" {
		b.raw("null}")
	} else {
		b.text(page.Next)
		b.raw("}")
	}
	c.answer(http.StatusOK, typeJSON, b.bytes)
}
