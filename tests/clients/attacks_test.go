package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// attack is a piece of HTTP that no good client sends, and how it is answered: each request in it with a status and the
// code of its problem. What net/http refuses before it comes to the API has no code, in plain text, and closes the connection.
type attack struct {
	what    string
	send    string   // \n stands for CRLF, and \r for a bare LF
	answers []string // "STATUS CODE", then whether the connection stays
}

const (
	stays  = "stays"
	closes = "closes"
	ok     = "200"
	taken  = "202"
	// Of net/http.
	malformed   = "400"
	tooLongHead = "431"
)

// to is a request with lines of its own.
func to(request string, lines ...string) string {
	return strings.Join(append([]string{request + " HTTP/1.1", "Host: localhost"}, lines...), "\n") + "\n\n"
}

// submits is a submit with a body, which is sent as it stands.
func submits(body string, lines ...string) string {
	return to("POST /v1/tasks", append([]string{"Content-Type: application/json"}, lines...)...) + body
}

const task = `{"type":"echo"}`

// chunks is a task in two chunks, and nothing behind it.
const chunks = "8\n{\"type\":\n7\n\"echo\"}\n0\n\n"

func attacks() []attack {
	return slices.Concat(onFraming(), onHeads(), onTargets(), onBodies())
}

// onFraming: where does a request end? Whoever answers that in another way than a proxy before it, takes a part of one
// request for another (RFC 9112, 6 and 11.2).
func onFraming() []attack {
	const follows = "GET /livez HTTP/1.1\nHost: localhost\n\n"
	return []attack{
		{"two requests in one packet", submits(task, "Content-Length: 15") + follows, []string{taken, ok, stays}},
		{"two equal Content-Lengths", submits(task, "Content-Length: 15", "Content-Length: 15"), []string{taken, stays}},
		{"two Content-Lengths", submits(task, "Content-Length: 15", "Content-Length: 14"), []string{malformed, closes}},
		{"two Content-Lengths in one line", submits(task, "Content-Length: 15, 14"), []string{malformed, closes}},
		{"a negative Content-Length", submits(task, "Content-Length: -1"), []string{malformed, closes}},
		{"a Content-Length with a sign", submits(task, "Content-Length: +15"), []string{malformed, closes}},
		{"a Content-Length beyond int64", submits(task, "Content-Length: 99999999999999999999"), []string{malformed, closes}},
		{"a Content-Length in hex", submits(task, "Content-Length: 0xf"), []string{malformed, closes}},
		{"chunks", submits(chunks, "Transfer-Encoding: chunked") + follows, []string{taken, ok, stays}},
		// The length is passed over, as RFC 9112, 6.3, has it. That the connection is closed behind such a request, as it has
		// it too, net/http leaves out.
		{
			"a length and chunks: the chunks count", submits(chunks+follows, "Content-Length: 4", "Transfer-Encoding: chunked"),
			[]string{taken, ok, stays},
		},
		{"two Transfer-Encodings", submits(chunks, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), []string{"501", closes}},
		{"chunks of chunks", submits(chunks, "Transfer-Encoding: chunked, chunked"), []string{"501", closes}},
		{"gzip of chunks", submits(chunks, "Transfer-Encoding: gzip, chunked"), []string{"501", closes}},
		{"chunks that are not quite named so", submits(chunks, "Transfer-Encoding: xchunked"), []string{"501", closes}},
		{"chunks by a name with a tab", submits(chunks, "Transfer-Encoding:\x0bchunked"), []string{malformed, closes}},
		{
			"chunks over HTTP/1.0",
			strings.Replace(submits(chunks, "Transfer-Encoding: chunked"), "1.1", "1.0", 1),
			[]string{"400 invalid_request", closes},
		},
		{"a chunk without a size", submits("\n"+task, "Transfer-Encoding: chunked"), []string{"400 invalid_request", closes}},
		{"a chunk of no number", submits("x\n"+task, "Transfer-Encoding: chunked"), []string{"400 invalid_request", closes}},
		{
			"a chunk of too many bytes to count",
			submits("10000000000000000\n"+task, "Transfer-Encoding: chunked"),
			[]string{"400 invalid_request", closes},
		},
		{"a chunk that is longer than it says", submits("3\n"+task, "Transfer-Encoding: chunked"), []string{"400 invalid_request", closes}},
		{
			"a chunk with an extension without end", submits("f;"+strings.Repeat("x", 4<<10-2), "Transfer-Encoding: chunked"),
			[]string{"400 invalid_request", closes},
		},
		{"a bare LF at the end of lines", "GET /livez HTTP/1.1\rHost: localhost\r\r", []string{ok, stays}},
		{"a line that goes on in the next", to("GET /livez", "X-Long: a\n b"), []string{ok, stays}},
		{"a line that goes on before it begins", "GET /livez HTTP/1.1\n Host: localhost\n\n", []string{malformed, closes}},
	}
}

func onHeads() []attack {
	return []attack{
		{"a head of 1 MiB", to("GET /livez", "X-Bomb: "+strings.Repeat("x", 1<<20)), []string{tooLongHead, closes}},
		{"10,000 lines", to("GET /livez", slices.Repeat([]string{"X-Bomb: x"}, 10_000)...), []string{tooLongHead, closes}},
		{"a name with a blank", "GET /livez HTTP/1.1\nHost : localhost\n\n", []string{malformed, closes}},
		{"a name with a NUL", to("GET /livez", "X-\x00: x"), []string{malformed, closes}},
		{"a value with a NUL", to("GET /livez", "X-A: \x00"), []string{malformed, closes}},
		{"no name", to("GET /livez", ": x"), []string{malformed, closes}},
		{"no colon", to("GET /livez", "x"), []string{malformed, closes}},
		{"no Host", "GET /livez HTTP/1.1\n\n", []string{malformed, closes}},
		{"two Hosts", to("GET /livez", "Host: localhost"), []string{malformed, closes}},
		{"a Host that is none", "GET /livez HTTP/1.1\nHost: a b\n\n", []string{malformed, closes}},
		{"an expectation that nobody knows", to("GET /livez", "Expect: the unexpected"), []string{"417", closes}},
		{"HTTP/1.0", "GET /livez HTTP/1.0\n\n", []string{"403 forbidden", closes}},
		{"HTTP/1.0, kept", "GET /livez HTTP/1.0\nHost: localhost\nConnection: keep-alive\n\n", []string{ok, stays}},
		{"HTTP/0.9", "GET /livez\n\n", []string{malformed, closes}},
		{"HTTP/1.2, which is read as HTTP/1.1", "GET /livez HTTP/1.2\nHost: localhost\n\n", []string{ok, stays}},
		{"HTTP/2.0", "GET /livez HTTP/2.0\nHost: localhost\n\n", []string{"505", closes}},
		{"HTTP/999", "GET /livez HTTP/999\nHost: localhost\n\n", []string{malformed, closes}},
		{"HTTP/2 without asking", "PRI * HTTP/2.0\n\nSM\n\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", []string{"403 forbidden", closes}},
		{
			"an upgrade to HTTP/2, which is passed over",
			to("GET /livez", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
			[]string{ok, stays},
		},
		{"a hello of TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + strings.Repeat("\x01", 160) + "\n\n", []string{malformed, closes}},
		{"nothing but line ends, and then a request", "\n\n\n" + to("GET /livez"), []string{malformed, closes}},
		{"a proxy's greeting", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n" + to("GET /livez"), []string{malformed, closes}},
	}
}

func onTargets() []attack {
	long := strings.Repeat("x", 16<<10)
	return []attack{
		{"CONNECT", "CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\n\n", []string{"403 forbidden", stays}},
		{"TRACE", to("TRACE /v1/tasks"), []string{"405 method_not_allowed", stays}},
		{"OPTIONS *", to("OPTIONS *"), []string{ok, stays}},
		{"a method in small letters", to("get /livez"), []string{"405 method_not_allowed", stays}},
		{"a method that is none", to("G@T /livez"), []string{malformed, closes}},
		{"a method of 16 KiB", to(long + " /livez"), []string{"405 method_not_allowed", stays}},
		{"a target of a broken escape", to("GET /v1/%zz"), []string{malformed, closes}},
		{"a query of a broken escape", to("GET /v1/tasks?type=%zz"), []string{"400 invalid_request", stays}},
		{"a NUL, escaped", to("GET /v1/tasks/%00"), []string{"404 not_found", stays}},
		{"a NUL", to("GET /v1/tasks/\x00"), []string{malformed, closes}},
		{"a NUL in a query", to("GET /v1/tasks?type=%00"), []string{"400 invalid_request", stays}},
		{"up and out", to("GET /v1/tasks/../../etc/passwd"), []string{"404 not_found", stays}},
		{"up and out, escaped", to("GET /v1/tasks/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), []string{"404 not_found", stays}},
		{"two slashes", to("GET //livez"), []string{"404 not_found", stays}},
		{"no slash", to("GET livez"), []string{malformed, closes}},
		{"a path of 16 KiB", to("GET /" + long), []string{"404 not_found", stays}},
		{"an id of 16 KiB", to("GET /v1/tasks/" + long), []string{"404 not_found", stays}},
		{"a query of 16 KiB", to("GET /v1/tasks?type=" + long), []string{"400 invalid_request", stays}},
		{"8,000 parameters", to("GET /v1/tasks?" + strings.Repeat("a&", 8000)), []string{"400 invalid_request", stays}},
		{"a target of 1 MiB", to("GET /" + strings.Repeat("x", 1<<20)), []string{tooLongHead, closes}},
		{"a target with a host of its own", to("GET http://localhost/livez"), []string{ok, stays}},
		{"a target with another host than it says", to("GET http://example.com/livez"), []string{"403 forbidden", stays}},
		{"a cursor of nothing known", to("GET /v1/events?after=:::"), []string{"400 invalid_request", stays}},
		{"a cursor beyond int64", to("GET /v1/events?after=x:99999999999999999999"), []string{"400 invalid_request", stays}},
		{"a cursor of 16 KiB", to("GET /v1/events?after=" + long + ":1"), []string{"400 invalid_request", stays}},
		{
			"a cursor that is no text, as an EventSource has it",
			to("GET /v1/events", "Accept: text/event-stream", "Last-Event-ID: \xff:1"),
			[]string{"400 invalid_request", stays},
		},
	}
}

// onBodies: JSON that is hard on readers. What is wrong with single fields is tested in httpapi.
func onBodies() []attack {
	with := func(body string, lines ...string) string {
		return submits(body, append(lines, fmt.Sprintf("Content-Length: %d", len(body)))...)
	}
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	batch := func(body string) string { return strings.Replace(with(body), "/v1/tasks", "/v1/tasks:batch", 1) }
	lease := func(call, body string) string {
		return strings.Replace(with(body), "/v1/tasks", "/v1/leases"+call, 1)
	}
	return []attack{
		{"100,000 levels of input", with(`{"type":"echo","input":` + deep + `}`), []string{"400 invalid_request", stays}},
		{"100,000 levels of labels", with(`{"type":"echo","labels":` + deep + `}`), []string{"400 invalid_request", stays}},
		{"100,000 levels of what nobody knows", with(`{"type":"echo","x":` + deep + `}`), []string{"400 invalid_request", stays}},
		{"100,000 levels that never end", with(strings.Repeat(`{"a":`, 100_000)), []string{"400 invalid_request", stays}},
		{"100,000 levels in a batch", batch(`{"tasks":[{"type":"echo","input":` + deep + `}]}`), []string{"400 invalid_request", stays}},
		{"100,000 levels instead of a batch", batch(deep), []string{"400 invalid_request", stays}},
		{"100,000 levels of types to lease", lease("", `{"types":`+deep+`}`), []string{"400 invalid_request", stays}},
		{"100,000 levels of output", lease("/x/complete", `{"token":"x","output":`+deep+`}`), []string{"400 invalid_request", stays}},
		{"100,000 levels of a checkpoint", lease("/x/release", `{"token":"x","checkpoint":`+deep+`}`), []string{"400 invalid_request", stays}},
		{
			"100,000 levels of a failure",
			lease("/x/fail", `{"token":"x","error":{"code":"x","detail":`+deep+`}}`),
			[]string{"400 invalid_request", stays},
		},
		{"a body of 1 GiB, announced", submits("", "Content-Length: 1073741824"), []string{"413 too_large", closes}},
		{"a body of 1 GiB, if it may", submits("", "Content-Length: 1073741824", "Expect: 100-continue"), []string{"413 too_large", closes}},
		{
			"a body in chunks without end", submits(strings.Repeat("10000\n"+strings.Repeat(" ", 1<<16)+"\n", 64), "Transfer-Encoding: chunked"),
			[]string{"413 too_large", closes},
		},
		{"a body in gzip", with("\x1f\x8b\x08", "Content-Encoding: gzip"), []string{"415 unsupported_media_type", stays}},
		{
			"a body in gzip, without end",
			submits("\x1f\x8b\x08", "Content-Encoding: gzip", "Content-Length: 1048576"),
			[]string{"415 unsupported_media_type", closes},
		},
		{"100,000 fields", with(`{` + strings.Repeat(`"a":1,`, 100_000) + `"type":"echo"}`), []string{"400 invalid_request", stays}},
		{
			"100,000 fields of input with one name",
			with(`{"type":"echo","input":{` + strings.Repeat(`"a":1,`, 100_000) + `"a":2}}`),
			[]string{taken, stays},
		},
		{
			"a key for all that is too long to be one",
			with(task, "Idempotency-Key: "+strings.Repeat("k", 16<<10)),
			[]string{"400 invalid_request", stays},
		},
		{"a wait in words", with(task, "Prefer: wait=forever"), []string{taken, stays}},
		{"a wait beyond int64, which is the longest", with(task, "Prefer: wait=99999999999999999999"), []string{ok, stays}},
		{"a negative wait", with(task, "Prefer: wait=-1"), []string{taken, stays}},
		{"preferences without end", with(task, "Prefer: "+strings.Repeat("wait=;,\"", 2000)), []string{taken, stays}},
	}
}

// G10: bad input is answered, not suffered: with a code, or, where it is no HTTP, by net/http; no request is taken for
// two, nothing is left of it, and the log has no word of a defect.
func TestWhatIsNoGoodHTTPIsAnswered(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	n.Submit(`{"type":"echo"}`, "Prefer: wait=30")
	before := metric(t, n, "go_goroutines")
	t.Run("all of it", eachAttack(n))
	calm(t, n, before)
}

func eachAttack(n *lab.Node) func(*testing.T) {
	return func(t *testing.T) {
		for _, a := range attacks() {
			t.Run(a.what, func(t *testing.T) {
				t.Parallel()
				c, err := dialWith(n.Addr, 256<<10)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				sent := make(chan struct{})
				go func() { // ends with the connection at the latest
					defer close(sent)
					_ = c.say("%s", wire(a.send)) // what is refused early is not taken to its end
				}()
				if heard := c.answers(len(a.answers)-1, sent); !slices.Equal(heard, a.answers) {
					t.Errorf("it heard %q, want %q", heard, a.answers)
				}
			})
		}
	}
}

func wire(text string) string {
	return strings.NewReplacer("\n", "\r\n", "\r", "\n").Replace(text)
}

// answers reads as many answers, and says whether the connection stays or closes, and whatever else comes on it. To find
// that out one more request is sent, once the others have been.
func (c *raw) answers(most int, sent <-chan struct{}) (heard []string) {
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	for range most {
		answer, closing := c.answer()
		heard = append(heard, answer)
		if closing {
			if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil {
				return append(heard, fmt.Sprintf("%.100q, %v", rest, err))
			}
			return append(heard, closes)
		}
	}
	<-sent
	if err := c.say("GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return append(heard, err.Error())
	}
	if answer, closing := c.answer(); answer != "404 not_found" || !closing {
		return append(heard, "not the answer to the last request: "+answer)
	}
	return append(heard, stays)
}

// answer reads one answer: its status, the code of a problem, and whether it is the last.
func (c *raw) answer() (answer string, last bool) {
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err.Error(), false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error(), false
	}
	answer = strconv.Itoa(resp.StatusCode)
	if resp.Header.Get("Content-Type") != "application/problem+json" {
		return answer, resp.Close
	}
	var p struct{ Code lastcall.Code }
	if err := json.Unmarshal(body, &p); err != nil {
		return err.Error(), false
	}
	return answer + " " + string(p.Code), resp.Close
}

// calm waits until the node is as it was before, and has logged nothing that is wrong with itself.
func calm(t *testing.T, n *lab.Node, goroutines float64) {
	t.Helper()
	const more = 3 // that come and go
	lab.Until(t, "no goroutine is left", func() bool { return metric(t, n, "go_goroutines") <= goroutines+more })
	if log := n.Log(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "panic") {
		t.Error("something is wrong with the node itself")
	}
}
