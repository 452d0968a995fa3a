package ws_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

func TestAFrameThatIsWrongIsAnsweredAndEndsTheConnection_G10(t *testing.T) {
	n := start(t, ws.Options{})
	for name, text := range map[string]string{
		"no JSON":               `hello`,
		"half of JSON":          `{"t":"hello"`,
		"two objects":           `{"t":"hello"}{"t":"hello"}`,
		"no object":             `["hello"]`,
		"null":                  `null`,
		"empty":                 ``,
		"no type":               `{}`,
		"type is no string":     `{"t":1}`,
		"type is null":          `{"t":null}`,
		"not UTF-8":             "{\"t\":\"hello\",\"resume\":\"\xff:1\"}",
		"resume is a number":    `{"t":"hello","resume":41}`,
		"resume without epoch":  `{"t":"hello","resume":":41"}`,
		"resume without number": `{"t":"hello","resume":"abc:"}`,
		"resume negative":       `{"t":"hello","resume":"abc:-1"}`,
		"resume not canonical":  `{"t":"hello","resume":"abc:007"}`,
		"resume empty":          `{"t":"hello","resume":""}`,
		"caps is a string":      `{"t":"hello","caps":"progress"}`,
		"ack without seq":       `{"t":"ack"}`,
		"ack of a string":       `{"t":"ack","seq":"57"}`,
		"ack of a fraction":     `{"t":"ack","seq":1.5}`,
		"ack negative":          `{"t":"ack","seq":-1}`,
		"ack too large":         `{"t":"ack","seq":1e400}`,
		"pong of a string":      `{"t":"pong","n":"9"}`,
		"watch without tasks":   `{"t":"watch"}`,
		"watch of a string":     `{"t":"watch","tasks":"x"}`,
		"watch of nothing":      `{"t":"watch","tasks":[""]}`,
		"watch of an epic":      `{"t":"watch","tasks":["` + strings.Repeat("x", 65) + `"]}`,
		"watch of too many":     `{"t":"watch","tasks":[` + thousandAndOne() + `]}`,
		"two types":             `{"t":"hello","t":"bye"}`,
		"two alike":             `{"t":"hello","T":"bye"}`,
		"two, one in disguise":  `{"t":"hello","\u0074":"hello"}`,
		"two of another's":      `{"t":"hello","mood":"good","resume":null,"mood":"bad"}`,
		"ack of two":            `{"t":"ack","seq":1,"ſeq":2}`,
		"too long":              `{"t":"` + strings.Repeat("x", 64<<10) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			n := *n
			n.t = t
			c := n.dial("client=alice&service", nil)
			c.say(text)
			before := c.expectClose(ws.CodeBadFrame)
			if len(before) != 1 || before[0].T != "error" || before[0].Code != "bad_frame" || before[0].Message == "" {
				t.Errorf("told %+v, want one error bad_frame", before)
			}
		})
	}
}

// thousandAndOne is a list of ids, as JSON without its brackets.
func thousandAndOne() string {
	ids := make([]string, 1001)
	for i := range ids {
		ids[i] = strconv.Quote(strconv.Itoa(i))
	}
	return strings.Join(ids, ",")
}

func TestASecondHelloIsWrong_G10(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.say(`{"t":"hello"}`)
	c.expectClose(ws.CodeBadFrame)
}

func TestABinaryFrameIsWrong_G10(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.expect("live")
	if err := c.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"t":"bye"}`)); err != nil {
		t.Fatal(err)
	}
	if before := c.expectClose(ws.CodeBadFrame); len(before) != 1 || before[0].Code != "bad_frame" {
		t.Errorf("told %+v", before)
	}
}

func TestWhatANewerClientSaysIsIgnored(t *testing.T) {
	n := start(t, ws.Options{})
	c := n.dial("client=alice", nil)
	c.say(`{"t":"from the future","seq":"other than today","tasks":7}`)
	c.say(`{"t":"ack","seq":7}`) // nothing was sent yet
	c.say(`{"t":"hello","mood":"good","seq":"none of hello's"}`)
	c.expect("welcome")
	c.expect("live")
	c.say(`{"t":"ack","seq":7,"more":[1]}`) // past the head: there is nothing to acknowledge
	c.say(`{"t":"pong","n":3}`)             // nobody asked
	n.write("alice", succeeded("x", 1))
	c.expect("event")
}

func TestAFrameInPiecesIsOneFrame(t *testing.T) {
	n := start(t, ws.Options{})
	c := n.dial("client=alice", nil)
	w, err := c.conn.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{`{"t":`, `"hel`, `lo"}`} {
		if _, err := w.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c.expect("welcome")
}

func TestFramesThatArriveTogetherAreAllHeard(t *testing.T) {
	n := start(t, ws.Options{})
	c := rawDial(t, n, "alice")
	var both []byte
	for _, text := range []string{`{"t":"hello"}`, `{"t":"bye"}`} {
		both = append(both, append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)...)
	}
	if _, err := c.Write(both); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil || !bytes.HasSuffix(b, []byte("\x03\xe8bye")) { // 1000
		t.Errorf("%q, %v", b, err)
	}
}

func TestTheSameOverTLS(t *testing.T) {
	n := start(t, ws.Options{})
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Serve(w, r, ws.Identity{Client: "alice"})
	}))
	defer web.Close()
	conn, _, err := websocket.Dial(t.Context(), web.URL, &websocket.DialOptions{HTTPClient: web.Client()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	c := &client{t, conn}
	c.say(`{"t":"hello"}`)
	c.expect("welcome")
	c.expect("live")
	n.write("alice", succeeded("x", 1))
	c.expect("event")
	c.say(`{"t":"bye"}`)
	c.expectClose(ws.CodeNormal)
}

func TestByeIsAnsweredWithANormalClose(t *testing.T) {
	n := start(t, ws.Options{})
	c := n.dial("client=alice", nil)
	c.say(`{"t":"bye"}`)
	c.expectClose(ws.CodeNormal)
	until(t, "the connection is gone", func() bool { return n.Connections() == 0 })
}

func TestWatchShowsAServiceTheTasksOfOthers_G11(t *testing.T) {
	n := start(t, ws.Options{})
	put := func(t lastcall.Task) {
		t.ID, t.Client = "x", "alice"
		n.store.Put(t)
		n.hub.Moved([]lastcall.Hint{{Task: "x", Client: "alice"}})
	}
	put(lastcall.Task{Status: lastcall.Queued})
	c := n.dial("client=shop&service", nil)
	c.say(`{"t":"hello"}`)
	c.say(`{"t":"watch","tasks":["x","nowhere"]}`) // perhaps before the welcome
	c.expect("welcome")
	seen := map[string]frame{}
	for len(seen) < 3 {
		f, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		seen[f.T] = f
	}
	if f := seen["watched"]; f.Task != "x" || f.Type != "task.queued" {
		t.Errorf("watched %+v", f)
	}
	if f := seen["error"]; f.Code != "not_found" || !strings.Contains(f.Message, "nowhere") {
		t.Errorf("error %+v", f)
	}
	for _, tc := range []struct {
		task       lastcall.Task
		kind, data string
	}{
		{lastcall.Task{Status: lastcall.Running, Run: 1}, "task.started", `{}`},
		{
			lastcall.Task{Status: lastcall.Running, Run: 1, Progress: &lastcall.Progress{Percent: 42}},
			"task.progress", `{"percent":42,"at":"0001-01-01T00:00:00Z"}`,
		},
		{
			lastcall.Task{Status: lastcall.Scheduled, Run: 1, Error: &lastcall.TaskError{Code: "e"}},
			"task.retrying", `{"error":{"code":"e","message":"","detail":null,"attempt":0},"run_at":"0001-01-01T00:00:00Z"}`,
		},
		{lastcall.Task{Status: lastcall.Succeeded, Run: 2, Output: []byte(`7`)}, "task.succeeded", `{"output":7}`},
	} {
		put(tc.task)
		if f := c.expect("watched"); f.Type != tc.kind || string(f.Data) != tc.data || f.Run != tc.task.Run {
			t.Errorf("watched %+v with %s, want %+v", f, f.Data, tc)
		}
	}
}

func TestWhatIsWatchedOutlivesALateHello_G11(t *testing.T) {
	n := start(t, ws.Options{HelloWait: time.Millisecond})
	put := func(id string, run int64, status lastcall.Status) {
		n.store.Put(lastcall.Task{ID: id, Client: "alice", Run: run, Status: status})
		n.hub.Moved([]lastcall.Hint{{Task: id, Client: "alice"}})
	}
	put("x", 1, lastcall.Running)
	put("done", 1, lastcall.Succeeded)
	c := n.dial("client=shop&service", nil)
	c.expect("welcome")
	c.expect("live")
	c.say(`{"t":"watch","tasks":["x","done","nowhere"]}`)
	c.expect("watched")
	c.expect("watched")
	c.expect("error")
	c.say(`{"t":"hello"}`)
	c.expect("welcome")
	for range 2 { // live, and x as it stands; what was told to the end is not told again
		if f := c.skipTo("watched"); f.Task != "x" {
			t.Errorf("after the hello watched %+v, want x", f)
		}
		put("x", 2, lastcall.Running)
	}
}

func TestOnlyAServiceMayWatch_G11(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("mallory", `{"t":"hello"}`)
	c.expect("live")
	c.say(`{"t":"watch","tasks":["x"]}`)
	if before := c.expectClose(ws.CodeForbidden); len(before) != 1 || before[0].Code != "forbidden" {
		t.Errorf("told %+v", before)
	}
}

func TestOneConnectionTooManyIsTold(t *testing.T) {
	n := start(t, ws.Options{MaxConnections: 2})
	n.hello("a", `{"t":"hello"}`)
	n.hello("b", `{"t":"hello"}`)
	c := n.dial("client=c", nil)
	c.expectClose(ws.CodeTooManyConnections)
	until(t, "it is gone", func() bool { return n.Connections() == 2 })
}
