package lease

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// token is what a worker shows for its lease. Its secret is the holder; the rest is only what a node would have to
// remember otherwise, and who changes it gains nothing: a wrong run is not the current one, and any ttl could have been
// asked for.
type token struct {
	run    int64
	ttl    time.Duration // of a lease and of each renewal, in milliseconds
	holder string
}

func (t token) String() string { return fmt.Sprintf("%d.%d.%s", t.run, t.ttl.Milliseconds(), t.holder) }

// maxToken is far beyond what a token of ours takes.
const maxToken = 256

// errLost is the answer to a token that is none, or of a task that is not there: whoever shows it holds nothing.
func errLost() error {
	return lastcall.Errorf(lastcall.CodeLeaseLost, "the token is not that of a lease which is held")
}

// parseToken reads a token. What is none fails with CodeLeaseLost.
func parseToken(s string) (token, error) {
	run, rest, ok := strings.Cut(s, ".")
	ttl, holder, ok2 := strings.Cut(rest, ".")
	n, err := strconv.ParseInt(run, 10, 64)
	ms, err2 := strconv.ParseInt(ttl, 10, 64)
	if !ok || !ok2 || err != nil || err2 != nil || len(s) > maxToken ||
		ms > MostTTL.Milliseconds() || ms < LeastTTL.Milliseconds() || n <= 0 || holder == "" {
		return token{}, errLost()
	}
	return token{run: n, ttl: time.Duration(ms) * time.Millisecond, holder: holder}, nil
}
