package ws_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/ws"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
)

// BenchmarkIdle is what a connection costs that has said hello, each for a client of its own, and has nothing to do.
// The clients are in another process. It reports what is alive after a collection (heap and stacks), and by how much
// the process has grown, both for each connection.
//
//	go test -run xxx -bench Idle -benchtime 10000x ./httpapi/ws
func BenchmarkIdle(b *testing.B) {
	store := hubtest.New()
	for i := range b.N {
		store.Mailbox(idleClient(i)) // what the store itself holds is not counted
	}
	h := hub.New(store, hub.Options{Logger: slog.New(slog.DiscardHandler)})
	s := ws.New(h, ws.Options{})
	go func() { _ = h.Run(b.Context()) }()
	go func() { _ = s.Run(b.Context()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Serve(w, r, ws.Identity{Client: r.URL.Query().Get("client")})
	})}
	go func() { _ = web.Serve(listener) }()
	defer web.Close()
	before := measure()

	peers := exec.Command(os.Args[0])
	peers.Env = append(os.Environ(), "IDLE_PEERS="+strconv.Itoa(b.N), "IDLE_ADDR="+listener.Addr().String())
	peers.Stderr = os.Stderr
	hold, err := peers.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	ready, err := peers.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := peers.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(ready).ReadString('\n'); err != nil || line != "ready\n" {
		b.Fatal(line, err)
	}
	after := measure()
	b.ReportMetric((after.alive-before.alive)/float64(b.N), "KiB-alive/conn")
	b.ReportMetric((after.stacks-before.stacks)/float64(b.N), "KiB-stacks/conn")
	b.ReportMetric((after.resident-before.resident)/float64(b.N), "KiB-resident/conn")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(b.N), "goroutines/conn")
	began := time.Now()
	s.Announce(began.Add(time.Minute))
	if err := h.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	for s.Unserved() > 0 {
		runtime.Gosched()
	}
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "announce-ms")
	began = time.Now()
	s.CloseAll(ws.CodeHardStop, time.Now().Add(5*time.Second)) // no peer answers
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "close-ms")
	_ = hold.Close()
	_ = peers.Wait()
}

func idleClient(i int) string { return fmt.Sprint("client-", i) }

type footprint struct{ alive, stacks, resident float64 } // KiB

func measure() footprint {
	for range 3 { // stacks shrink and pools empty by and by
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := footprint{alive: float64(m.HeapAlloc+m.StackInuse) / 1024, stacks: float64(m.StackInuse) / 1024}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil { // where there is one
		pages, _ := strconv.ParseFloat(strings.Fields(string(statm))[1], 64)
		f.resident = pages * float64(os.Getpagesize()) / 1024
	}
	return f
}

// idlePeers is the other process: it opens the connections and holds them until its input ends.
func idlePeers(n int, addr string) error {
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		conns[i] = c
		if _, err := fmt.Fprintf(c, "GET /?client=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", idleClient(i)); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, make([]byte, 129)); err != nil { // exactly the answer
			return err
		}
		hello := `{"t":"hello","caps":["progress"]}`
		if _, err := c.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)); err != nil {
			return err
		}
	}
	for _, c := range conns {
		for live := false; !live; {
			b := make([]byte, 512)
			n, err := c.Read(b)
			if err != nil {
				return err
			}
			live = strings.Contains(string(b[:n]), `"live"`)
		}
	}
	if _, err := fmt.Fprintln(os.Stdout, "ready"); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
