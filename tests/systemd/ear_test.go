package systemd_test

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// ear is where a service manager hears how its process is.
type ear struct {
	t     *testing.T
	conn  *net.UnixConn
	name  string
	words chan word // with room for more than any test says
}

// word is one datagram: what was said at once, and when.
type word struct {
	at     time.Time
	states map[string]string
}

func newEar(t *testing.T, name string) *ear {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{t, conn, name, make(chan word, 10_000)}
	go e.listen() // ends with the connection, and is waited for
	t.Cleanup(func() {
		_ = conn.Close()
		for range e.words { // until it is closed
		}
	})
	return e
}

// start starts a node that says to this ear how it is.
func (e *ear) start(watchdog time.Duration, flags ...string) *lab.Node {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), lab.Binary(e.t), lab.ServeArgs(lab.Data(e.t), flags...)...)
	cmd.Env = e.environment(watchdog)
	return lab.Launch(e.t, cmd)
}

func (e *ear) environment(watchdog time.Duration) []string {
	env := []string{"NOTIFY_SOCKET=" + e.name}
	if watchdog > 0 {
		env = append(env, "WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	}
	return env
}

// listen takes in every word when it is said, whenever the test asks for it.
func (e *ear) listen() {
	defer close(e.words)
	datagram := make([]byte, 4096)
	for {
		n, err := e.conn.Read(datagram)
		if err != nil {
			return
		}
		w := word{time.Now(), map[string]string{}}
		for line := range strings.SplitSeq(string(datagram[:n]), "\n") {
			name, value, _ := strings.Cut(line, "=")
			w.states[name] = value
		}
		e.words <- w
	}
}

// hears returns the next word, and whether one came in time.
func (e *ear) hears(within time.Duration) (word, bool) {
	select {
	case w, ok := <-e.words:
		return w, ok
	case <-time.After(within):
		return word{}, false
	}
}

// await hears on until a word is as wanted, and returns it with those before.
func (e *ear) await(what string, want func(word) bool) (heard []word) {
	e.t.Helper()
	for {
		w, ok := e.hears(lab.Patience)
		if !ok {
			e.t.Fatalf("it was never said: %s; but %v", what, heard)
		}
		heard = append(heard, w)
		if want(w) {
			return heard
		}
	}
}

// says is a word with this state.
func says(name, value string) func(word) bool {
	return func(w word) bool {
		said, ok := w.states[name]
		return ok && strings.HasPrefix(said, value)
	}
}

// extension is the time that a word asks for; zero if it asks for none.
func (w word) extension(t *testing.T) time.Duration {
	t.Helper()
	text, asks := w.states["EXTEND_TIMEOUT_USEC"]
	if !asks {
		return 0
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(micros) * time.Microsecond
}
