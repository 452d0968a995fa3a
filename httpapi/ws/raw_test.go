package ws_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// BenchmarkReplay is how fast a mailbox goes out to a peer that reads as fast as it can and looks at nothing.
func BenchmarkReplay(b *testing.B) {
	n := start(b, ws.Options{Ping: time.Hour})
	for range b.N {
		n.store.Write("alice", succeeded("0190e2a0-0000-7000-8000-000000000000", 1))
	}
	c := rawDial(b, n, "alice")
	b.ResetTimer()
	rawSay(b, c, `{"t":"hello"}`)
	buf, kept := make([]byte, 64<<10), 0
	for {
		m, err := c.Read(buf[kept:])
		if err != nil {
			b.Fatal(err)
		}
		if bytes.Contains(buf[:kept+m], []byte(`"t":"live"`)) {
			break
		}
		kept = copy(buf, buf[max(0, kept+m-16):kept+m])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// rawDial opens a WebSocket and leaves the rest to the caller: nothing reads, nothing answers.
func rawDial(t testing.TB, n *node, client string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", n.url[len("ws://"):])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprintf(c, "GET /?client=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", client); err != nil {
		t.Fatal(err)
	}
	// No byte of a frame may be lost in a buffer: the server says nothing before it is spoken to.
	resp, err := http.ReadResponse(bufio.NewReaderSize(io.LimitReader(c, 129), 129), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	return c
}

// rawSay writes a short text frame.
func rawSay(t testing.TB, c net.Conn, text string) {
	t.Helper()
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	if _, err := c.Write(frame); err != nil {
		t.Fatal(err)
	}
}

// rawFrame reads a text frame of the server of less than 64 KiB.
func rawFrame(t testing.TB, in *bufio.Reader) []byte {
	t.Helper()
	head := make([]byte, 4)
	if _, err := io.ReadFull(in, head[:2]); err != nil {
		t.Fatal(err)
	}
	size := int(head[1])
	if size == 126 {
		if _, err := io.ReadFull(in, head[2:]); err != nil {
			t.Fatal(err)
		}
		size = int(head[2])<<8 | int(head[3])
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(in, text); err != nil || head[0] != 0x81 {
		t.Fatal(head, err)
	}
	return text
}
