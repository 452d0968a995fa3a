package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// query is the parameters of a request, each of them known and none given twice.
type query struct{ values url.Values }

// readQuery reads the parameters. Known lists those that the call takes; a name that ends with a dot stands for all
// that begin with it. Repeatable ones may be given several times.
func readQuery(r *http.Request, known, repeatable []string) (query, error) {
	if r.URL.RawQuery == "" {
		return query{}, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, invalid(field("query", "is not properly escaped"))
	}
	var errs []lastcall.FieldError
	for name, v := range values {
		switch {
		case slices.Contains(repeatable, name):
		case !slices.ContainsFunc(known, func(k string) bool { return k == name || (strings.HasSuffix(k, ".") && strings.HasPrefix(name, k)) }):
			errs = append(errs, field(shown(name), "is no parameter of this call"))
		case len(v) > 1:
			errs = append(errs, field(shown(name), "is given more than once"))
		}
	}
	if errs != nil {
		slices.SortFunc(errs, func(a, b lastcall.FieldError) int { return strings.Compare(a.Field, b.Field) })
		return query{}, invalid(errs...)
	}
	return query{values}, nil
}

// identityOnly are the parameters of a call that takes no others.
var identityOnly = []string{"client"}

func (q query) has(name string) bool   { return q.values.Has(name) }
func (q query) get(name string) string { return q.values.Get(name) }

// maxShown bounds how much of what a client sent is sent back to it in an error.
const maxShown = 64

// shown is a name that a client made up, fit for an error.
func shown(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if len(name) <= maxShown {
		return name
	}
	cut := maxShown
	for cut > 0 && name[cut]&0xC0 == 0x80 { // not inside a character
		cut--
	}
	return name[:cut] + "…"
}

// span reads a duration such as 30s and caps it at the longest wait there is; absent is 0.
func (q query) span(name string, most time.Duration) (time.Duration, error) {
	if !q.has(name) {
		return 0, nil
	}
	d, err := time.ParseDuration(q.get(name))
	if err != nil || d < 0 {
		return 0, invalid(field(name, "must be a duration such as 30s, and not negative"))
	}
	return min(d, most), nil
}
