package crash_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// customer submits tasks one after the other.
type customer struct {
	name   string
	chance *rand.Rand
	keyed  bool // every submit has a key, and is repeated under it until it is acknowledged
	again  int  // submits that were repeated because of a 503
}

// submit submits a number of tasks. It runs beside others and tells the test of what is wrong with t.Error.
func (c *customer) submit(t *testing.T, n *lab.Node, tasks int) {
	t.Helper()
	for i := range tasks {
		body := fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, c.name, strings.Repeat("x", c.chance.IntN(300)))
		switch c.chance.IntN(10) {
		case 0: // an input that stands in a table of its own
			body = fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, c.name, strings.Repeat("y", 5000+c.chance.IntN(5000)))
		case 1:
			body = fmt.Sprintf(`{"type":"sleep","client":%q,"input":{"ms":%d,"steps":2}}`, c.name, c.chance.IntN(30))
		}
		var headers []string
		if c.keyed || c.chance.IntN(5) == 0 {
			headers = []string{fmt.Sprintf("Idempotency-Key: %s %d", c.name, i)}
		}
		if !c.insist(t, n, body, headers) {
			return
		}
		if headers != nil && c.chance.IntN(3) == 0 && !c.insist(t, n, body, headers) { // and once more
			return
		}
	}
}

// insist submits until the task is acknowledged; what has no key is submitted once.
func (c *customer) insist(t *testing.T, n *lab.Node, body string, headers []string) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		a, err := n.Try(t.Context(), http.MethodPost, "/v1/tasks", body, headers...)
		switch {
		case err != nil:
			t.Errorf("%s: submit: %v", c.name, err)
			return false
		case a.Status == http.StatusAccepted:
			return true
		case a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !c.keyed:
			t.Errorf("%s: submit: %d %s, retry after %q", c.name, a.Status, a.Body, a.Header.Get("Retry-After"))
			return false
		}
		c.again++
		<-tick.C
	}
	t.Errorf("%s: a submit was never taken", c.name)
	return false
}

// rush has customers submit at the same time and waits until each has heard of the end of all its tasks.
func rush(t *testing.T, n *lab.Node, d dice, name string, customers, tasks int, keyed bool) (again int) {
	t.Helper()
	inboxes := make([]*lab.Inbox, customers)
	all := make([]customer, customers)
	var busy sync.WaitGroup
	for i := range all {
		all[i] = customer{name: fmt.Sprintf("%s-%d", name, i), chance: d.roll(i), keyed: keyed}
		s, _ := n.Connect(all[i].name, "")
		inboxes[i] = s.Follow(i%2 == 0)
		busy.Go(func() { all[i].submit(t, n, tasks) })
	}
	busy.Wait()
	record.Settle(t, n)
	for i, in := range inboxes {
		again += all[i].again
		lab.Until(t, all[i].name+" has heard of all its tasks", func() bool { return len(in.Events()) >= tasks })
		_ = in.Conn.CloseNow()
	}
	return again
}
