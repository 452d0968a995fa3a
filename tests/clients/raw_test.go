package clients_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// raw is a connection without manners of its own.
type raw struct {
	*net.TCPConn
	in *bufio.Reader
}

// smallBuffer is asked for as the receive buffer, so that a client that does not read is soon full.
const smallBuffer = 4 << 10

// dial opens a connection that says nothing and holds little.
func dial(addr string) (*raw, error) { return dialWith(addr, smallBuffer) }

func dialWith(addr string, buffer int) (*raw, error) {
	d := net.Dialer{Timeout: lab.Patience, Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer)
		}), err)
	}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &raw{TCPConn: c.(*net.TCPConn), in: bufio.NewReader(c)}, nil
}

// connect dials, for a test that cannot go on without, and closes at its end.
func connect(t *testing.T, n *lab.Node) *raw {
	t.Helper()
	c, err := dial(n.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// say writes text as it stands.
func (c *raw) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c, format, args...)
	return err
}

// upgrade asks for a WebSocket and reads the answer's head; status is its status.
func (c *raw) upgrade(client string) (status int, err error) {
	err = c.say("GET /v1/ws?client=%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", client)
	if err != nil {
		return 0, err
	}
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	defer c.SetReadDeadline(time.Time{})
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

// The opcodes of RFC 6455, 5.2.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// send writes a frame, masked with zeros.
func (c *raw) send(opcode byte, payload string) error {
	head := []byte{0x80 | opcode, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head[1] = 0x80 | 126
		head = binary.BigEndian.AppendUint16(head, uint16(len(payload)))
	}
	_, err := c.Write(append(append(head, 0, 0, 0, 0), payload...))
	return err
}

// socket opens a WebSocket and says hello.
func socket(t *testing.T, n *lab.Node, client string) *raw {
	t.Helper()
	c := connect(t, n)
	c.hello(t, client, "")
	return c
}

// hello makes the connection a WebSocket that goes on at the cursor, if there is one.
func (c *raw) hello(t *testing.T, client, cursor string) {
	t.Helper()
	if status, err := c.upgrade(client); err != nil || status != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade of %s: %d, %v", client, status, err)
	}
	frame := `{"t":"hello"}`
	if cursor != "" {
		frame = fmt.Sprintf(`{"t":"hello","resume":%q}`, cursor)
	}
	if err := c.send(opText, frame); err != nil {
		t.Fatal(err)
	}
}

// next reads a frame, and answers none.
func (c *raw) next() (opcode byte, payload string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return 0, "", err
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var more [2]byte
		if _, err := io.ReadFull(c.in, more[:]); err != nil {
			return 0, "", err
		}
		size = uint64(binary.BigEndian.Uint16(more[:]))
	case 127:
		var more [8]byte
		if _, err := io.ReadFull(c.in, more[:]); err != nil {
			return 0, "", err
		}
		size = binary.BigEndian.Uint64(more[:])
	}
	var b strings.Builder
	if _, err := io.CopyN(&b, c.in, int64(size)); err != nil {
		return 0, "", err
	}
	return head[0] & 0x0f, b.String(), nil
}

// listen reads, and shows that somebody is there, until the other side has cut the connection.
func (c *raw) listen() {
	for {
		op, payload, err := c.next()
		if err != nil {
			return
		}
		if op == opPing {
			_ = c.send(opPong, payload)
		}
	}
}

// awaitText reads until a text frame that holds the word.
func (c *raw) awaitText(t *testing.T, word string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	defer c.SetReadDeadline(time.Time{})
	for {
		op, text, err := c.next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", word, err)
		}
		if op == opText && strings.Contains(text, word) {
			return
		}
	}
}

// vanish ends the connection without a word, as a machine does that has lost its power and is back: with a reset.
func (c *raw) vanish() {
	_ = c.SetLinger(0)
	_ = c.Close()
}
