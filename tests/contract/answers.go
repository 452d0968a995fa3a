package contract

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall/tests/exchange"
	"github.com/pb33f/libopenapi-validator/paths"
)

// Answers lists every answer that the contract has, as "GET /v1/tasks/{id} 404".
func (c *Contract) Answers() []string {
	var all []string
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method, operation := range item.GetOperations().FromOldest() {
			for status := range operation.Responses.Codes.KeysFromOldest() {
				all = append(all, name(method, path, status))
			}
		}
	}
	slices.Sort(all)
	return all
}

// Answer is the one of Answers that an exchange shows, "" if it is none of the contract's calls.
func (c *Contract) Answer(e *exchange.Exchange) string {
	r, err := request(e)
	if err != nil {
		return ""
	}
	_, notListed, path := paths.FindPath(r, c.model, nil)
	if len(notListed) > 0 {
		return ""
	}
	return name(e.Method, path, strconv.Itoa(e.Status))
}

func name(method, path, status string) string {
	return strings.ToUpper(method) + " " + path + " " + status
}
