package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// nodes lists the incarnations that were alive within a day.
func (a *api) nodes(c *call) error {
	if _, err := a.readParams(c, "client"); err != nil {
		return err
	}
	list, err := a.Store.Nodes(c.lasting())
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Types == nil {
			list[i].Types = []string{}
		}
	}
	if list == nil {
		list = []lastcall.Node{}
	}
	return c.answerJSON(http.StatusOK, struct {
		Nodes []lastcall.Node `json:"nodes"`
	}{list})
}
