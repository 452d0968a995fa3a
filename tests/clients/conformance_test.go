package clients_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// The WebSocket is held against RFC 6455, section by section, with a client that can break every rule of it. Each case
// is what the client sends once it is let in, and all that it hears from there to the end of the connection. What
// ends a case well is a bye, which the server answers with 1000: it has understood what stood before it.
//
// Where the server does other than the RFC has it, the case says so: docs/clients.md lists these.
type conformance struct {
	section string // of RFC 6455
	what    string
	send    []byte
	hears   []string // frames, and at last how the connection ended
}

const (
	bye      = `{"t":"bye"}`
	ended    = "the end"         // a FIN: all that was sent before it arrives
	reset    = "a reset"         // which takes from the client what it has not read yet
	badFrame = "text: bad_frame" // the application's own error, before its own code
	served   = "close: 1000"     // the answer to bye, or, if a close stood behind that already, to the close
	refused  = "close: 4000 bad_frame"
)

// wellServed, notOurs and against are how most cases end.
var (
	wellServed = []string{served, ended}
	notOurs    = []string{badFrame, refused, ended}
	against    = []string{"close: 1002", ended} // and a word of the library's on why
	tooBig     = []string{"close: 1009", ended}
)

// The header bits of RFC 6455, 5.2.
const (
	fin    = 0x80
	rsv1   = 0x40
	rsv2   = 0x20
	rsv3   = 0x10
	masked = 0x80
	opMore = 0 // a continuation
)

// mask is no palindrome and has no zeros: a server that unmasks wrongly reads nonsense.
var mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame is a frame as a good client sends it, of the first byte given.
func frame(first byte, payload string) []byte {
	switch n := len(payload); {
	case n <= 125:
		return framed(first, masked|byte(n), nil, payload)
	case n <= 0xffff:
		return framed(first, masked|126, binary.BigEndian.AppendUint16(nil, uint16(n)), payload)
	default:
		return framed(first, masked|127, binary.BigEndian.AppendUint64(nil, uint64(n)), payload)
	}
}

// framed is a frame with any header, masked if the second byte says so.
func framed(first, second byte, length []byte, payload string) []byte {
	b := append([]byte{first, second}, length...)
	if second&masked == 0 {
		return append(b, payload...)
	}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

func text(payload string) []byte { return frame(fin|opText, payload) }

// closing is a close frame with a code and a reason.
func closing(code uint16, reason string) []byte {
	return frame(fin|opClose, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// all is everything in one piece.
func all(frames ...[]byte) []byte { return slices.Concat(frames...) }

// byeOf is a bye of so many bytes.
func byeOf(bytes int) string {
	const around = `{"t":"bye","pad":""}`
	return strings.Replace(around, `""`, `"`+strings.Repeat("x", bytes-len(around))+`"`, 1)
}

// pieces is a message cut into pieces of the sizes given and a last one with the rest; between each two stands what is
// between.
func pieces(message string, between []byte, sizes ...int) []byte {
	var b []byte
	first := byte(opText)
	for _, n := range sizes {
		b = append(append(b, frame(first, message[:n])...), between...)
		message, first = message[n:], opMore
	}
	return append(b, frame(fin|first, message)...)
}

// few is how long a case may be to be sent byte by byte as well.
const few = 400

func TestTheWebSocketConformsToRFC6455(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	t.Run("all of it", eachCase(n)) // ends when all of them have
	lab.Until(t, "no connection is left", func() bool { return metric(t, n, `lastcall_connections{transport="websocket"}`) == 0 })
}

func eachCase(n *lab.Node) func(*testing.T) {
	return func(t *testing.T) {
		for _, c := range slices.Concat(framing(), fragments(), controls(), words(), ends()) {
			t.Run(fmt.Sprintf("RFC 6455 %s: %s", c.section, c.what), func(t *testing.T) {
				t.Parallel()
				c.check(t, n, len(c.send))
				if len(c.send) <= few {
					c.check(t, n, 1)
				}
			})
		}
	}
}

// check sends the case in steps of so many bytes, and compares what is heard with what should be.
func (c *conformance) check(t *testing.T, n *lab.Node, step int) {
	t.Helper()
	s := connect(t, n)
	if status, err := s.upgrade("mallory"); err != nil || status != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %d, %v", status, err)
	}
	for piece := range slices.Chunk(c.send, max(1, step)) {
		if _, err := s.Write(piece); err != nil {
			break // it has heard enough, and what it says of it is there to be read
		}
	}
	if got := s.hear(); !slices.Equal(got, c.hears) {
		t.Errorf("in steps of %d bytes it heard %q, want %q", step, got, c.hears)
	}
}

// hear is all that comes, to the end of the connection, which the client leaves to the server (7.1.1). A client that says
// no hello for a second is served all the same: what it is told then is left out.
func (c *raw) hear() (heard []string) {
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	for {
		op, payload, err := c.next()
		switch {
		case err == nil && op == opText && (strings.Contains(payload, `"t":"welcome"`) || strings.Contains(payload, `"t":"live"`)):
		case err == nil:
			heard = append(heard, shown(op, payload))
		case errors.Is(err, io.EOF):
			return append(heard, ended)
		case errors.Is(err, syscall.ECONNRESET):
			return append(heard, reset)
		default:
			return append(heard, err.Error())
		}
	}
}

// shown is a frame of the server's, in short.
func shown(op byte, payload string) string {
	switch {
	case op == opText && strings.Contains(payload, `"bad_frame"`):
		return badFrame
	case op == opText:
		return "text: " + payload
	case op == opPong:
		return "pong: " + payload
	case op == opClose && len(payload) == 0:
		return "close"
	case op == opClose && len(payload) >= 2:
		code, reason := binary.BigEndian.Uint16([]byte(payload)), payload[2:]
		if code == 1002 {
			return "close: 1002" // the library's words are its own
		}
		return strings.TrimSuffix(strings.TrimSpace(fmt.Sprintf("close: %d %s", code, reason)), " bye")
	}
	return fmt.Sprintf("opcode %d: %q", op, payload)
}

// metric is the value of a line of /metrics.
func metric(t *testing.T, n *lab.Node, name string) float64 {
	t.Helper()
	for line := range strings.Lines(string(n.Do(http.MethodGet, "/metrics", "").Body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}
