package httpapi

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/lastcall-dev/lastcall"
)

// stuck is a store in which nobody gets a turn.
type stuck struct{ *shelf }

func (stuck) Submit(ctx context.Context, _ []lastcall.Submission) ([]lastcall.Submitted, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// G10: a store that does not answer is told from one that takes a moment: a client is not left without an answer, also one
// that has ended its half of the connection, and may be repeating itself elsewhere.
func TestAStoreThatDoesNotAnswerIsUnavailableInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t, func(o *Options) { o.Store = stuck{o.Store.(*shelf)} })
		ctx, gone := context.WithCancel(t.Context())
		gone()
		got := f.send(request(t, http.MethodPost, "/v1/tasks", `{"type":"echo"}`).WithContext(ctx))
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("it is answered %d %s", got.status, got.body)
		}
	})
}
