package leases_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// odd is JSON that is in order, and that something on its way may not hold: a database's own JSON and text have no NUL,
// a float64 ends long before 1e999999, half a pair of surrogates is no UTF-8, and a map has each name once.
var odd = map[string]string{
	"a NUL":                    `"a\u0000b"`,
	"a name that is a NUL":     `{"\u0000":1}`,
	"half a pair":              `"\ud800"`,
	"the other half":           `["\udc00\ud800"]`,
	"a huge number":            `1e999999`,
	"a tiny number":            `-1e-999999`,
	"10,000 digits":            strings.Repeat("9", 10_000),
	"more than a float":        `12345678901234567890.123456789012345678901234567890`,
	"minus nothing":            `-0`,
	"two of a name":            `{"a":1,"a":2}`,
	"what is no letter":        `"` + "\ufffe\uffff\u2028\u2029\x7f" + `"`,
	"the last of all":          `"` + "\U0010ffff" + `"`,
	"a long string":            `"` + strings.Repeat("ä", 100_000) + `"`,
	"60 levels":                strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60),
	"text that looks like SQL": `"'; DROP TABLE tasks; -- \\x00 %s {} $1"`,
}

// G10: what is JSON goes in and comes out as it was, as input, checkpoint and output, on both stores, and in events; and
// what a worker says of its progress and its failures may hold every letter that there is.
func TestOddWordsComeOutAsTheyWentIn_G10(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		for what, v := range odd {
			id := submit(n, "primes", v)
			first := leaseOne(n)
			if first.Task.ID != id || string(first.Task.Input) != v {
				t.Fatalf("%s came as %.100q of %s", what, first.Task.Input, first.Task.ID)
			}
			heard(t.T, what, first.say(n, "renew", fmt.Sprintf(`,"progress":{"percent":50,"message":"a\u0000b %s"},"checkpoint":%s`, "\uffff", v)))
			if p := n.Task(id).Progress; p == nil || p.Message != "a\x00b \uffff" {
				t.Errorf("%s: the progress is %+v", what, p)
			}
			heard(t.T, what, first.say(n, "release", `,"checkpoint":`+v))
			second := leaseOne(n)
			if second.Task.ID != id || string(second.Checkpoint) != v {
				t.Fatalf("%s came back as %.100q of %s", what, second.Checkpoint, second.Task.ID)
			}
			heard(t.T, what, second.say(n, "complete", `,"output":`+v))
			if task := n.Task(id); task.Status != lastcall.Succeeded || string(task.Output) != v || string(task.Input) != v {
				t.Errorf("%s ended as %s with %.100q from %.100q", what, task.Status, task.Output, task.Input)
			}
			if all := n.Do(http.MethodGet, "/v1/tasks/"+id+"/events", "", "Accept: application/json"); !bytes.Contains(all.Body, []byte(v)) {
				t.Errorf("%s: the events are %.300s", what, all.Body)
			}
		}
	})
}

func TestOddFailuresAreToldAsTheyWereSaid_G10(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		for what, v := range odd {
			id := submit(n, "primes", `1`)
			l := leaseOne(n)
			heard(t.T, what, l.say(n, "fail", `,"permanent":true,"error":{"code":"a\u0000b","message":"\u0000 ä \uffff","detail":`+v+`}`))
			e := n.Task(id).Error
			if e == nil || e.Code != "a\x00b" || e.Message != "\x00 ä \uffff" || !same(e.Detail, v) {
				t.Errorf("%s: the failure is %+v", what, e)
			}
		}
		var page struct{ Tasks []json.RawMessage }
		n.Do(http.MethodGet, "/v1/tasks?status=failed&limit=200", "").Decode(n, &page)
		if len(page.Tasks) != len(odd) {
			t.Errorf("%d tasks are listed, want %d", len(page.Tasks), len(odd))
		}
	})
}

// same reports whether JSON differs in nothing but how its letters are escaped.
func same(a json.RawMessage, b string) bool {
	var x, y bytes.Buffer
	json.HTMLEscape(&x, a)
	json.HTMLEscape(&y, []byte(b))
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// heard fails the test unless what a worker says was taken.
func heard(t *testing.T, what string, a lab.Answer) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %.300s", what, a.Status, a.Body)
	}
}
