package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// TaskPage returns one page of the tasks that f picks, newest first. It may hold fewer than f.Limit, even none, and
// still have a Next, which goes into Filter.Before of the next call.
func (c *Client) TaskPage(ctx context.Context, f lastcall.Filter) (lastcall.TaskPage, error) {
	var page struct {
		Tasks []lastcall.Task `json:"tasks"`
		Next  string          `json:"next"`
	}
	err := c.get(ctx, &request{verb: "tasks", method: http.MethodGet, path: "/v1/tasks", query: filterQuery(&f)}, &page)
	return lastcall.TaskPage{Tasks: page.Tasks, Next: page.Next}, err
}

// Tasks goes through all tasks that f picks, newest first, page by page of f.Limit. An error is the last thing that it
// yields. Tasks that are submitted meanwhile may be missing.
func (c *Client) Tasks(ctx context.Context, f lastcall.Filter) iter.Seq2[lastcall.Task, error] {
	return func(yield func(lastcall.Task, error) bool) {
		for {
			page, err := c.TaskPage(ctx, f)
			if err != nil {
				yield(lastcall.Task{}, err)
				return
			}
			for _, t := range page.Tasks {
				if !yield(t, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			f.Before = page.Next
		}
	}
}

func filterQuery(f *lastcall.Filter) url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	var statuses []string
	for _, s := range f.Status {
		statuses = append(statuses, string(s))
	}
	set("status", strings.Join(statuses, ","))
	set("type", f.Type)
	set("queue", f.Queue)
	set("client", f.Client)
	set("cursor", f.Before)
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	for key, value := range f.Labels {
		q.Set("label."+key, value)
	}
	return q
}
