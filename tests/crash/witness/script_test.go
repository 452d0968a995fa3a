package witness

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a trace made by hand.
type script struct{ strings.Builder }

const (
	dir = "/data"
	wal = dir + "/lab.db-wal"
	id  = "01a203c2-a254-7f23-879f-f1fae45c5cfa"
)

// call writes a whole line of a thread.
func (s *script) call(thread int, format string, args ...any) *script {
	fmt.Fprintf(s, "%d %s\n", thread, fmt.Sprintf(format, args...))
	return s
}

// quote writes bytes as strace does, or at least as it may.
func quote(b string) string {
	var q strings.Builder
	for i := range len(b) {
		fmt.Fprintf(&q, `\%03o`, b[i])
	}
	return `"` + q.String() + `"`
}

// write is a pwrite64 to a file.
func (s *script) write(path, data string, at int) *script {
	return s.call(1, "pwrite64(9<%s>, %s, %d, %d) = %d", path, quote(data), len(data), at, len(data))
}

func (s *script) sync(path string) *script { return s.call(1, "fsync(9<%s>) = 0", path) }

// begin and end are the halves of a sync by another thread.
func (s *script) begin(path string) *script { return s.call(2, "fsync(9<%s> <unfinished ...>", path) }

func (s *script) end(result string) *script { return s.call(2, "<... fsync resumed>) = %s", result) }

// asks is a submit that is read, in two parts.
func (s *script) asks() *script {
	body := `{"type":"echo","client":"alice"}`
	head := fmt.Sprintf("POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len(body))
	s.call(3, "read(20<socket:[7]>, %s, 4096) = %d", quote(head), len(head))
	return s.call(3, "read(20<socket:[7]>, %s, 4096) = %d", quote(body), len(body))
}

// answers is its answer.
func (s *script) answers(headers ...string) *script {
	body := fmt.Sprintf(`{"id":%q,"client":"alice"}`, id)
	text := fmt.Sprintf("HTTP/1.1 202 Accepted\r\n%sContent-Length: %d\r\n\r\n%s", strings.Join(headers, ""), len(body), body)
	return s.call(3, "write(20<socket:[7]>, %s, %d) = %d", quote(text), len(text), len(text))
}

// socket is a WebSocket that was opened by alice.
func (s *script) socket() *script {
	ask := "GET /v1/ws?client=alice HTTP/1.1\r\nHost: a\r\n\r\n"
	s.call(4, "read(21<socket:[8]>, %s, 4096) = %d", quote(ask), len(ask))
	return s.out("HTTP/1.1 101 " + http.StatusText(http.StatusSwitchingProtocols) + "\r\nUpgrade: websocket\r\n\r\n")
}

// tells is a message on it.
func (s *script) tells(text string) *script { return s.out("\x81" + string(rune(len(text))) + text) }

func (s *script) out(data string) *script {
	return s.call(4, "write(21<socket:[8]>, %s, %d) = %d", quote(data), len(data), len(data))
}

// page writes a page with the row to the log, as the last of its transaction or not.
func (s *script) page(last bool) *script {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil {
		panic(err)
	}
	size := "\x00\x00\x00\x00"
	if last {
		size = "\x00\x00\x00\x11"
	}
	s.write(wal, "\x00\x00\x00\x02"+size+strings.Repeat("\x00", 16), 32)
	return s.write(wal, "a row: "+string(raw)+strings.Repeat(".", 100), 56)
}

// parse reads the script.
func (s *script) parse(t *testing.T) []Call {
	t.Helper()
	calls, err := Parse(strings.NewReader(s.String()))
	if err != nil {
		t.Fatal(err)
	}
	return calls
}
