package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// api is the handler that New returns.
type api struct {
	Options
	announced announced
	pages     pages

	fixed    map[string]*route // by path
	ofTask   *route            // /v1/tasks/{id}
	ofCancel *route            // /v1/tasks/{id}/cancel
}

// route is a path and what it does for each method.
type route struct {
	methods methods
	allow   string // of the Allow header
}

// New returns the whole API as a handler. It starts no goroutine.
func New(o Options) http.Handler {
	a := &api{Options: o.withDefaults(), pages: newPages()}
	a.announced.store = a.Store
	a.announced.turn = make(chan struct{}, 1)
	a.addRoutes()
	return a
}

func (a *api) addRoutes() {
	a.fixed = map[string]*route{
		"/v1/tasks":      to(get(a.listTasks).post(a.submit)),
		"/v1/queues":     to(get(a.queues)),
		"/v1/nodes":      to(get(a.nodes)),
		"/v1/drain":      to(get(a.readDrain).post(a.startDrain)),
		"/v1/ws":         to(get(a.socket)),
		"/readyz":        to(get(a.readyz)),
		"/health":        to(get(a.health)),
		"/livez":         to(get(a.livez)),
		"/openapi.yaml":  to(get(contract(openapiYAML))),
		"/asyncapi.yaml": to(get(contract(asyncapiYAML))),
		"/":              to(get(a.page)),
	}
	a.ofTask = to(get(a.readTask))
	a.ofCancel = to(methods{}.post(a.cancelTask))
}

// find looks a path up. The standard library's ServeMux would do so too, but answers what it does not know in its own
// words, and redirects paths that it would rather have spelled otherwise. The path is taken as it was sent, so that an
// escaped slash in an id stays part of the id.
func (a *api) find(u *url.URL) (rt *route, id string) {
	path := u.EscapedPath()
	if rt := a.fixed[path]; rt != nil {
		return rt, ""
	}
	rest, ok := strings.CutPrefix(path, "/v1/tasks/")
	if !ok {
		return nil, ""
	}
	rt = a.ofTask
	if of, ok := strings.CutSuffix(rest, "/cancel"); ok {
		rt, rest = a.ofCancel, of
	}
	id, err := url.PathUnescape(rest)
	if err != nil || rest == "" || strings.Contains(rest, "/") {
		return nil, ""
	}
	return rt, id
}

// methods maps a method to its call. What takes GET takes HEAD: the http.Server leaves the body out.
type methods map[string]func(*call) error

func get(f func(*call) error) methods {
	return methods{http.MethodGet: f, http.MethodHead: f}
}

func (m methods) post(f func(*call) error) methods {
	m[http.MethodPost] = f
	return m
}

func to(m methods) *route {
	names := []string{http.MethodOptions}
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return &route{methods: m, allow: strings.Join(names, ", ")}
}
