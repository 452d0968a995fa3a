package clients_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// patience is for how long the server lets a client take nothing of what is written to it.
const patience = 10 * time.Second

// G5: a client stops reading in the middle of a replay, for longer than the server has patience with, and then reads on.
// It is told that it was too slow (4100: come back, with backoff), and on its next connection it goes on where it was.
func TestASlowConsumerIsToldSoAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	const tasks = 4
	for range tasks {
		n.Submit(fmt.Sprintf(`{"type":"echo","client":"alice","input":%q}`, big()), "Prefer: wait=30")
	}
	var at lab.Frame
	// What it reads late must be early enough to still be told. On a machine that is very busy it may take another try.
	for code, try := 0, 0; code != 4100; try++ {
		if try == 3 {
			t.Fatalf("it was closed with %d in the end, want 4100", code)
		}
		slow := begin(t, n, "")
		pause := time.NewTimer(patience + patience/20)
		<-pause.C
		at = lab.Frame{}
		for code = 0; code == 0 && at.Seq < tasks; {
			f, closed := slow.frame(t)
			code = closed
			if f.T == "event" {
				if f.Seq != at.Seq+1 {
					t.Fatalf("after event %d came %d", at.Seq, f.Seq)
				}
				at = f
			}
		}
		_ = slow.Close()
		if at.Seq == tasks {
			t.Log("it took up reading too early, and got everything")
		}
	}
	again, welcome := n.Connect("alice", at.Cursor)
	if seqOf(t, welcome.Cursor) != at.Seq {
		t.Errorf("it goes on at %s, and was at %d", welcome.Cursor, at.Seq)
	}
	for want := at.Seq + 1; want <= tasks; want++ {
		if f := again.Await("event"); f.Seq != want {
			t.Errorf("it goes on with event %d, want %d", f.Seq, want)
		}
	}
}

// G7: a client takes its time, but it does take what it is sent. The drain waits until it has the last byte of its answers
// and has said so.
func TestADrainWaitsForAClientThatTakesItsTime(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t), "--concurrency=1")
	c := begin(t, n, "")
	c.awaitText(t, `"t":"live"`)
	n.Sleep("alice", 500*time.Millisecond)
	const tasks = 3 // and the one before them
	echo := fmt.Sprintf(`{"type":"echo","client":"alice","input":%q}`, big())
	// All at once: a client that had taken nothing for 2 s when the drain begins would not be waited for.
	n.Do(http.MethodPost, "/v1/tasks:batch", `{"tasks":[`+strings.Repeat(echo+",", tasks-1)+echo+`]}`)
	n.Signal(syscall.SIGTERM)
	c.in = bufio.NewReader(&slowReader{c.in, time.NewTicker(5 * time.Millisecond)})
	for want := int64(1); ; {
		f, code := c.frame(t)
		if code != 0 {
			if code != 1012 || want != tasks+2 {
				t.Errorf("it was left with %d before event %d, want 1012 after all of them", code, want)
			}
			break
		}
		if f.T != "event" {
			continue
		}
		if f.Seq != want {
			t.Fatalf("it got event %d, want %d", f.Seq, want)
		}
		if err := c.send(opText, fmt.Sprintf(`{"t":"ack","seq":%d}`, f.Seq)); err != nil {
			t.Fatal(err)
		}
		want++
	}
	if code, r := n.Wait(); code != 0 || r == nil || r.Clients.Served != 1 {
		t.Errorf("the node ended with %d, report %+v", code, r)
	}
}

// slowReader reads a little at a time.
type slowReader struct {
	io.Reader
	tick *time.Ticker
}

func (r *slowReader) Read(p []byte) (int, error) {
	<-r.tick.C
	return r.Reader.Read(p[:min(len(p), 8<<10)])
}

// begin connects a client with a buffer of the usual size.
func begin(t *testing.T, n *lab.Node, cursor string) *raw {
	t.Helper()
	c, err := dialWith(n.Addr, 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.hello(t, "alice", cursor)
	return c
}

// frame reads a frame; code is that of a close frame, or -1 at an end without one.
func (c *raw) frame(t *testing.T) (f lab.Frame, code int) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	switch op, payload, err := c.next(); {
	case err != nil:
		return f, -1
	case op == opClose:
		return f, int(binary.BigEndian.Uint16([]byte(payload)))
	case op == opText:
		if err := json.Unmarshal([]byte(payload), &f); err != nil {
			t.Fatal(err)
		}
	}
	return f, 0
}
