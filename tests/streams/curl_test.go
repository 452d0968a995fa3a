package streams_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// curl runs curl to its end and returns what it wrote.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "--max-time", "60"}, args...)...).Output()
	if err != nil {
		t.Fatalf("curl %v: %v", args, err)
	}
	return string(out)
}

// lines is a curl that goes on.
type lines struct {
	t   *testing.T
	out *bufio.Scanner
	cmd *exec.Cmd
}

func curling(t *testing.T, args ...string) *lines {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-sSN"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	l := &lines{t, bufio.NewScanner(out), cmd}
	l.out.Buffer(nil, 4<<20)
	return l
}

// skipTo reads to a line that begins like this, and returns the rest of it.
func (l *lines) skipTo(beginning string) string {
	l.t.Helper()
	for l.out.Scan() {
		if rest, ok := strings.CutPrefix(l.out.Text(), beginning); ok {
			return rest
		}
	}
	l.t.Fatalf("the stream ended before a line %q: %v", beginning, l.out.Err())
	return ""
}

func TestCurlReadsAMailboxAsAStreamAndByPolls_G5(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	events := "http://" + n.Addr + "/v1/events?client=alice"
	for _, version := range []string{"--http1.1", "--http1.0"} {
		stream := curling(t, version, events)
		stream.skipTo("event: welcome")
		task := n.Submit(`{"type":"echo","client":"alice","input":"hello"}`)
		id, data := "", "" // it does not say from where on it wants the events, and gets all of them
		for !strings.Contains(data, task.ID) {
			id = stream.skipTo("id: ")
			stream.skipTo("event: task.succeeded")
			data = stream.skipTo("data: ")
		}
		if !strings.Contains(data, `"cursor":"`+id+`"`) {
			t.Errorf("%s: id %s, data %s", version, id, data)
		}
		again := curling(t, version, "-H", "Last-Event-ID: "+id, events)
		if at := again.skipTo("id: "); at != id {
			t.Errorf("%s: resumed at %s, not at %s", version, at, id)
		}
	}
	var page struct {
		Events []struct{ Seq int64 }
		Cursor string
	}
	ask := func(query string) {
		t.Helper()
		body := curl(t, "-H", "Accept: application/json", events+query)
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	ask("&wait=60s") // is answered at once
	if len(page.Events) != 2 || page.Events[1].Seq != 2 {
		t.Errorf("polled %+v", page)
	}
	waits := make(chan string, 1)
	go func() {
		waits <- curl(t, "-H", "Accept: application/json", events+"&wait=60s&after="+page.Cursor)
	}()
	n.Submit(`{"type":"echo","client":"alice","input":"hello"}`)
	if body := <-waits; !strings.Contains(body, `"seq":3`) {
		t.Errorf("polled %s", body)
	}
	if head := curl(t, "-I", events); !strings.Contains(head, "200 OK") || !strings.Contains(head, "text/event-stream") {
		t.Errorf("a HEAD is answered with %s", head)
	}
}

func TestCurlFollowsATaskToItsEndAndIsToldToStayAway(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	task := n.Submit(`{"type":"echo","client":"alice","input":"hello"}`)
	url := "http://" + n.Addr + "/v1/tasks/" + task.ID + "/events"
	stream := []string{"-H", "Accept: text/event-stream", url}
	body := curl(t, stream...)
	_, end, found := strings.Cut(body, "event: task.succeeded\n")
	if !found || !strings.Contains(body, "event: state\n") || !strings.Contains(end, "event: end\n") {
		t.Fatalf("the stream was %s", body)
	}
	_, id, _ := strings.Cut(end, "id: ")
	id, _, _ = strings.Cut(id, "\n")
	if code := curl(t, append(stream, "-o", "/dev/null", "-w", "%{http_code}", "-H", "Last-Event-ID: "+id)...); code != "204" {
		t.Errorf("whoever comes back with %q gets %s", id, code)
	}
	if list := curl(t, url); !strings.Contains(list, "task.succeeded") || !strings.HasPrefix(list, "{") {
		t.Errorf("without an Accept the events were %s", list)
	}
}

func TestAReaderThatNeverReadsHoldsUpNeitherOthersNorTheDrain_G8(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	deaf, err := net.Dial("tcp", n.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = deaf.Close() }()
	if _, err := io.WriteString(deaf, "GET /v1/events?client=deaf HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", 900<<10) // twenty of them are more than a kernel keeps
	for range 20 {
		n.Submit(fmt.Sprintf(`{"type":"echo","client":"deaf","input":%q}`, large))
	}
	other := curling(t, "http://"+n.Addr+"/v1/events?client=alice")
	other.skipTo("event: welcome")
	n.Submit(`{"type":"echo","client":"alice","input":"hello"}`)
	other.skipTo("event: task.succeeded")
	n.Signal(syscall.SIGTERM)
	other.skipTo("retry: ")
	other.skipTo("event: drain")
	code, report := n.Wait()
	if code != 0 || report == nil || report.SpareMS < 10_000 {
		t.Errorf("the node ended with %d and reports %+v", code, report)
	}
	other.skipTo("data: ")
	for other.out.Scan() {
		if line := other.out.Text(); line != "" {
			t.Errorf("after the last drain came %q", line)
		}
	}
	if err := other.cmd.Wait(); err != nil {
		t.Errorf("curl: %v", err)
	}
}
