package faults_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// handshake asks for a WebSocket.
const handshake = "GET /v1/ws?client=%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// silent is a connection that holds little and of which nothing is read unless a test does.
type silent struct{ net.Conn }

// come opens a connection and says something, unless that is empty.
func come(addr, say string, args ...any) (silent, error) {
	small := func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
		}); e != nil {
			return e
		}
		return err
	}
	c, err := (&net.Dialer{Timeout: lab.Patience, Control: small}).Dial("tcp", addr)
	if err != nil {
		return silent{}, err
	}
	if say != "" {
		_, err = fmt.Fprintf(c, say, args...)
	}
	return silent{c}, err
}

// answered reads the head of an answer.
func (c silent) answered() (*http.Response, error) {
	if err := c.SetReadDeadline(time.Now().Add(lab.Patience)); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
	if err == nil && resp.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return resp, err
}

// ask sends a request on a connection of its own.
func ask(t *testing.T, addr, path string, headers ...string) (*http.Response, error) {
	t.Helper()
	more := ""
	if len(headers) > 0 {
		more = strings.Join(headers, "\r\n") + "\r\n"
	}
	c, err := come(addr, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, more)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.answered()
}

// crowd is connections that are all closed at once.
type crowd struct {
	mu  sync.Mutex
	all []silent
}

func (c *crowd) add(s silent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, s)
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.all {
		_ = s.Close()
	}
	c.all = nil
}

// frame reads a frame of the server's, which is never masked.
func frame(in *bufio.Reader) (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	if more := map[uint64]int{126: 2, 127: 8}[size]; more > 0 {
		var b [8]byte
		if _, err := io.ReadFull(in, b[8-more:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(b[:])
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(in, payload)
	return head[0] & 0x0f, payload, err
}

// The opcodes of RFC 6455, 5.2, that are used here.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// say sends a short frame, masked with zeros.
func (c silent) say(opcode byte, payload string) error {
	_, err := c.Write(append([]byte{0x80 | opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...))
	return err
}
