package httpapi

import (
	"bytes"
	_ "embed" // the two templates
	htmltemplate "html/template"
	"io"
	"net/http"
	"slices"
	texttemplate "text/template"

	"github.com/lastcall-dev/lastcall"
)

//go:embed page.html
var pageHTML string

//go:embed page.txt
var pageText string

// pages is GET /: what is there and how to call it, once for browsers and once for terminals.
type pages struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

func newPages() pages {
	return pages{
		html: htmltemplate.Must(htmltemplate.New("page.html").Parse(pageHTML)),
		text: texttemplate.Must(texttemplate.New("page.txt").Parse(pageText)),
	}
}

// about is what the page says.
type about struct {
	Node, Version, Phase string
	Address, Socket      string // where this server was reached
	Type                 string // of a task to try
	Calls                []callLine
}

type callLine struct {
	Method, Path, Does string
	Link               bool // can be followed in a browser
}

func (a *api) about(r *http.Request) about {
	scheme, secure := "http", "ws"
	if r.TLS != nil {
		scheme, secure = "https", "wss"
	}
	typ := "echo"
	if _, ok := a.Types.Lookup(typ); !ok {
		typ = "YOUR_TYPE"
	}
	lines := calls()
	if a.Metrics == nil {
		lines = slices.DeleteFunc(lines, func(l callLine) bool { return l.Path == "/metrics" })
	}
	return about{
		Node: a.Node, Version: a.Version, Phase: a.Drain.Phase(),
		Address: scheme + "://" + r.Host, Socket: secure + "://" + r.Host,
		Type: typ, Calls: lines,
	}
}

// calls is the table of the page. A test holds it against the routes.
func calls() []callLine {
	return []callLine{
		{"POST", "/v1/tasks", "submit a task; with Prefer: wait=10, wait for its end", false},
		{"GET", "/v1/tasks", "list tasks, newest first; ?status=, type, queue, client, label.KEY, limit, cursor", true},
		{"GET", "/v1/tasks/{id}", "read a task; ?wait=30s holds until it is done", false},
		{"POST", "/v1/tasks/{id}/cancel", "ask for its end", false},
		{"POST", "/v1/tasks/{id}/retry", "submit it once more, if it did not succeed", false},
		{"DELETE", "/v1/tasks/{id}", "forget it, once it is finished", false},
		{"GET", "/v1/tasks/{id}/log", "what its last run wrote", false},
		{"GET", "/v1/tasks/{id}/events", "what happened to it; with Accept: text/event-stream, what happens", false},
		{"POST", "/v1/tasks:batch", "submit many tasks, all of them or none", false},
		{"GET", "/v1/events", "a client's events as an event stream; ?after=, with Accept: application/json and ?wait=25s a long-poll", false},
		{"POST", "/v1/leases", "lease tasks to work on, in any language; types, queues, max, wait, ttl", false},
		{"POST", "/v1/leases/{id}/renew", "keep a lease; progress, checkpoint", false},
		{"POST", "/v1/leases/{id}/complete", "say that its task is done; output", false},
		{"POST", "/v1/leases/{id}/fail", "say that the attempt failed; error, retry_after, permanent", false},
		{"POST", "/v1/leases/{id}/release", "give its task back unfinished; checkpoint, retry_after", false},
		{"POST", "/v1/queues/{queue}/pause", "start no more tasks of a queue", false},
		{"POST", "/v1/queues/{queue}/resume", "start them again", false},
		{"GET", "/v1/queues", "what waits and runs, queue by queue", true},
		{"GET", "/v1/nodes", "the nodes on this store", true},
		{"GET", "/v1/drain", "how the orderly stop goes", true},
		{"POST", "/v1/drain", "begin it", false},
		{"GET", "/v1/ws", "WebSocket lastcall.v1: a client's events, in order and without a gap", false},
		{"GET", "/readyz", "for balancers: 200 while requests are welcome", true},
		{"GET", "/health", "200 until the node is told to stop", true},
		{"GET", "/livez", "200 as long as the process can answer", true},
		{"GET", "/metrics", "for Prometheus", true},
		{"GET", "/openapi.yaml", "the contract of all this", true},
		{"GET", "/asyncapi.yaml", "the contract of the socket", true},
	}
}

// pagePolicy lets the page do nothing but be read: it has no script, and no other page may frame it.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page answers with HTML to who asks for it by name, as browsers do, and with text to the others.
func (a *api) page(c *call) error {
	c.w.Header().Set("Vary", "Accept")
	asText := quality(c.r.Header, "text", "plain")
	asHTML := quality(c.r.Header, "text", "html")
	var template interface {
		Execute(w io.Writer, data any) error
	}
	contentType := typeText
	switch {
	case asHTML == 0 && asText == 0:
		return lastcall.Errorf(lastcall.CodeNotAcceptable, "this page is there as text/html and text/plain")
	case asHTML > asText:
		c.w.Header().Set("Content-Security-Policy", pagePolicy)
		contentType, template = typeHTML, a.pages.html
	default:
		template = a.pages.text
	}
	var b bytes.Buffer
	if err := template.Execute(&b, a.about(c.r)); err != nil {
		return err
	}
	c.answer(http.StatusOK, contentType, b.Bytes())
	return nil
}
