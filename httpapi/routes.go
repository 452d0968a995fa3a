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

	fixed map[string]*route // by path
	named []family
}

// family is the paths of one kind of thing that has a name, such as a task: a prefix, the name, and what stands behind it.
type family struct {
	prefix string            // up to the name
	verbs  map[string]*route // by what stands behind the name, "" for nothing
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
		"/v1/tasks":       to(get(a.listTasks).post(a.submit)),
		"/v1/tasks:batch": to(methods{}.post(a.submitBatch)),
		"/v1/events":      to(get(a.events)),
		"/v1/leases":      to(methods{}.post(a.leaseTasks)),
		"/v1/queues":      to(get(a.queues)),
		"/v1/nodes":       to(get(a.nodes)),
		"/v1/drain":       to(get(a.readDrain).post(a.startDrain)),
		"/v1/ws":          to(get(a.socket)),
		"/readyz":         to(get(a.readyz)),
		"/health":         to(get(a.health)),
		"/livez":          to(get(a.livez)),
		"/openapi.yaml":   to(get(contract(openapiYAML))),
		"/asyncapi.yaml":  to(get(contract(asyncapiYAML))),
		"/":               to(get(a.page)),
	}
	if a.Metrics != nil {
		a.fixed["/metrics"] = to(get(a.metrics))
	}
	a.named = []family{
		{taskPath, map[string]*route{
			"":        to(get(a.readTask).delete(a.forgetTask)),
			"/cancel": to(methods{}.post(a.cancelTask)),
			"/retry":  to(methods{}.post(a.retryTask)),
			"/log":    to(get(a.taskLog)),
			"/events": to(get(a.taskEvents)),
		}},
		{leasePath, map[string]*route{
			"/renew":    to(methods{}.post(a.renewLease)),
			"/complete": to(methods{}.post(a.completeLease)),
			"/fail":     to(methods{}.post(a.failLease)),
			"/release":  to(methods{}.post(a.releaseLease)),
		}},
		{queuePath, map[string]*route{
			"/pause":  to(methods{}.post(a.pauseQueue)),
			"/resume": to(methods{}.post(a.resumeQueue)),
		}},
	}
}

// find looks a path up. The standard library's ServeMux would do so too, but answers what it does not know in its own
// words, and redirects paths that it would rather have spelled otherwise. The path is taken as it was sent, so that an
// escaped slash in a name stays part of the name.
func (a *api) find(u *url.URL) (rt *route, name string) {
	path := u.EscapedPath()
	if rt := a.fixed[path]; rt != nil {
		return rt, ""
	}
	for i := range a.named {
		rest, ok := strings.CutPrefix(path, a.named[i].prefix)
		if !ok {
			continue
		}
		escaped, verb := rest, ""
		if at := strings.IndexByte(rest, '/'); at >= 0 {
			escaped, verb = rest[:at], rest[at:]
		}
		name, err := url.PathUnescape(escaped)
		if err != nil || name == "" {
			return nil, ""
		}
		return a.named[i].verbs[verb], name
	}
	return nil, ""
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

func (m methods) delete(f func(*call) error) methods {
	m[http.MethodDelete] = f
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
