package httpapi

import (
	"bytes"
	_ "embed"
	htmltemplate "html/template"
	"net/http"
	texttemplate "text/template"

	"github.com/lastcall-dev/lastcall"
)

//go:embed page.html
var pageHTML string

//go:embed page.txt
var pageText string

// pages is what GET / shows: what is there and how to call it, made once for browsers and once for terminals.
type pages struct{ html, text []byte }

func newPages(node, version string) pages {
	about := struct{ Node, Version string }{node, version}
	var html, text bytes.Buffer
	// The templates are part of the program: one that does not work fails every test, and no start.
	if err := htmltemplate.Must(htmltemplate.New("page.html").Parse(pageHTML)).Execute(&html, about); err != nil {
		panic(err)
	}
	if err := texttemplate.Must(texttemplate.New("page.txt").Parse(pageText)).Execute(&text, about); err != nil {
		panic(err)
	}
	return pages{html.Bytes(), text.Bytes()}
}

// pagePolicy lets the page do nothing but be read: it has no script, and no other page may frame it.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page answers with HTML to who asks for it by name, as browsers do, and with text to the others.
func (a *api) page(c *call) error {
	asText := quality(c.r.Header, "text", "plain")
	asHTML := quality(c.r.Header, "text", "html")
	c.w.Header().Set("Vary", "Accept")
	switch {
	case asHTML == 0 && asText == 0:
		return lastcall.Errorf(lastcall.CodeNotAcceptable, "this page is there as text/html and text/plain")
	case asHTML > asText:
		c.w.Header().Set("Content-Security-Policy", pagePolicy)
		c.answer(http.StatusOK, typeHTML, a.pages.html)
	default:
		c.answer(http.StatusOK, typeText, a.pages.text)
	}
	return nil
}
