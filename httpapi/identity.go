package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// Identity is who is asking. Without tokens it is a name that the client gives itself, and everyone who reaches the
// listener is trusted alike: each sees every task and may submit for any client. What depends on who is asking is
// decided by the methods of this type, so that it can be decided otherwise for callers with a token.
type Identity struct {
	Client string // 1 to 128 bytes, "anonymous" if none was given
}

// clientHeader names the client where the query does not.
const clientHeader = "Lastcall-Client"

// whoAsks is who sent a request that takes no parameter but the one that says so.
func (a *api) whoAsks(r *http.Request) (Identity, error) {
	q, err := readQuery(r, identityOnly, nil)
	if err != nil {
		return Identity{}, err
	}
	return a.identify(r, q)
}

// identify reads ?client= and Lastcall-Client. Both are welcome if they agree.
func (a *api) identify(r *http.Request, q query) (Identity, error) {
	name, given := q.get("client"), q.has("client")
	if header := r.Header[clientHeader]; len(header) > 0 {
		if len(header) > 1 || (given && header[0] != name) {
			return Identity{}, invalid(field("client", "the query and the header "+clientHeader+" name different clients"))
		}
		name, given = header[0], true
	}
	if !given {
		return Identity{Client: lastcall.DefaultClient}, nil
	}
	if msg := a.Limits.CheckName(name); msg != "" {
		return Identity{}, invalid(field("client", msg))
	}
	return Identity{Client: name}, nil
}

// actsFor is the client on whose behalf a submit runs that asks for the given one, "" if for none.
func (id Identity) actsFor(client string) string {
	if client == "" {
		return id.Client
	}
	return client
}
