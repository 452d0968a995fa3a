package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// guard keeps foreign web pages out. A server that asks for no token is within reach of every page that someone on this
// machine opens, in two ways: the page may send requests of its own (they carry an Origin, or Sec-Fetch-Site), or its
// name may be made to resolve to 127.0.0.1 (DNS rebinding: then only the Host gives it away).
func (a *api) guard(r *http.Request) error {
	if a.Loopback && !loopbackHost(r.Host) {
		return lastcall.Errorf(lastcall.CodeForbidden, "without a token this server answers to a loopback name only, such as localhost")
	}
	if foreign(r) {
		return lastcall.Errorf(lastcall.CodeForbidden, "requests of web pages are taken from this server's own origin only")
	}
	return nil
}

// OwnPagesOnly keeps foreign web pages out of what a program serves on loopback beside the API, as they are kept out of
// the API itself where it asks for no token.
func OwnPagesOnly(next http.Handler) http.Handler {
	a := &api{Options: Options{Loopback: true}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.guard(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackHost reports whether a Host header names this machine alone: localhost, 127.0.0.0/8 or ::1, with any port.
func loopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		name = host[1 : len(host)-1]
	}
	if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// foreign reports whether a browser sends the request for a page of another origin. Browsers do not let pages forge
// these headers; other programs do not send them.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return !navigation(r)
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !sameHost(u, r.Host)
}

// navigation reports whether someone follows a link to here from elsewhere, in a tab of its own: the page that holds
// the link sees nothing of the answer, and reading changes nothing.
func navigation(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Origin") == "" &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// sameHost compares the origin with the Host that the request was sent to. The scheme is not compared: behind a proxy
// that ends TLS it is not known here.
func sameHost(origin *url.URL, host string) bool {
	if origin.Host == "" {
		return false // "null" among others
	}
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[origin.Scheme]
	if defaultPort == "" {
		return false
	}
	return strings.EqualFold(strings.TrimSuffix(origin.Host, defaultPort), strings.TrimSuffix(host, defaultPort))
}
