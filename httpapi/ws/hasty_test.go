package ws_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// G10: a client that sends frames behind its handshake, and more than anybody will read, gets the answer and the end of the
// connection, which is no reset: that might overtake the answer.
func TestAHastyClientGetsItsAnswer(t *testing.T) {
	n := start(t, ws.Options{})
	c, err := net.Dial("tcp", n.url[len("ws://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(soon))
	if _, err := fmt.Fprint(c, "GET /?client=alice HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"+strings.Repeat("frames, ", 16<<10)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
		t.Errorf("the answer is %q, and ends with %v", answer, err)
	}
}
