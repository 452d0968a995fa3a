package faults_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

const (
	// softLimit is what the Go runtime of the node is told to get by with, and hardLimit what it must not take in any case:
	// a container of that size would have it killed.
	softLimit = 128 << 20
	hardLimit = 384 << 20
	// muchOf is the size of each result, and so of each event; results is how many there are.
	muchOf, results = 256 << 10, 8
	// takers is how many sockets and streams want all of them and read none. Of those who ask for a page, which is at most
	// 4 MiB and held for them for ten seconds, there are fewer.
	takers, askers = 150, 10
)

// G5, G10: hundreds of clients ask for big results, on sockets, streams, long-polls and as pages of tasks, and read nothing.
// The node's memory stays within its limit, whoever does read is served, the others are let go, and the node goes on.
func TestClientsThatNeverReadDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	n := plain(t, []string{"GOMEMLIMIT=" + strconv.Itoa(softLimit)})
	socket, _ := n.Connect("bob", "")
	bob := socket.Follow(true)
	var all crowd
	t.Cleanup(all.leave)
	big := strings.Repeat("x", muchOf)
	submit := func(client string) {
		n.Submit(fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, client, big), "Prefer: wait=30")
	}
	for range results / 2 {
		submit("mallory") // some to be read again, the rest live
	}
	for ask, many := range map[string]int{
		strings.Replace(handshake, "%s", "mallory", 1):                                                           takers,
		"GET /v1/events?client=mallory HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n":         takers,
		"GET /v1/events?client=mallory&wait=30s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n": askers,
		"GET /v1/tasks?client=mallory&limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n":                             askers,
	} {
		for range many {
			c, err := come(n.Addr, "%s", ask)
			if err != nil {
				t.Fatal(err)
			}
			all.add(c)
		}
	}
	for range results / 2 {
		submit("mallory")
		submit("bob")
	}
	bob.Await("the last of his", func(f lab.Frame) bool { return f.Seq == results/2 })
	bob.InOrder(1)
	lab.Until(t, "sockets that are not read are let go", func() bool {
		return strings.Contains(string(n.Do(http.MethodGet, "/metrics", "").Body), `lastcall_connections{transport="websocket"} 1`+"\n")
	})
	if peak := peakMemory(t, n); peak > hardLimit {
		t.Errorf("it took up to %d MiB", peak>>20)
	} else {
		t.Logf("it took up to %d MiB", peak>>20)
	}
	id := n.Submit(`{"type":"echo","client":"bob"}`).ID
	n.AwaitStatus(id, lastcall.Succeeded)
	bob.Await("another", func(f lab.Frame) bool { return f.Task == id && f.T == "event" })
}

// peakMemory is the most memory that a node has had at a time, as the kernel counts it for the limit of a container.
func peakMemory(t *testing.T, n *lab.Node) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
