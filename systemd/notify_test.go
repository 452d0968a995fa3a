package systemd_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/systemd"
)

func itoa(n int) string { return strconv.Itoa(n) }

// listen is a service manager's ear.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func inherit(t *testing.T, name string) *systemd.Manager {
	t.Helper()
	t.Setenv("NOTIFY_SOCKET", name)
	m, err := systemd.Inherit()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What is said arrives as one datagram, at a path as well as at a name that is in no file system, and no text of ours can
// become a second state.
func TestTheManagerHearsWhatIsSaid(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@lastcall-notify-" + itoa(os.Getpid())} {
		ear := listen(t, name)
		m := inherit(t, name)
		if err := m.Notify(systemd.Ready, systemd.Status("on it\nMAINPID=1"), systemd.ExtendTimeout(1500*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		heard := make([]byte, 1024)
		n, err := ear.Read(heard)
		if want := "READY=1\nSTATUS=on it MAINPID=1\nEXTEND_TIMEOUT_USEC=1500000"; err != nil || string(heard[:n]) != want {
			t.Errorf("at %s it heard %q, %v; want %q", name, heard[:n], err, want)
		}
	}
}

// A manager that is away, or that does not listen, costs a moment and an error; one that was never there costs nothing.
func TestAManagerThatDoesNotListenKeepsNobody(t *testing.T) {
	var nobody *systemd.Manager
	if err := errors.Join(nobody.Notify(systemd.Ready), nobody.Close()); err != nil || nobody.Watchdog() != 0 || nobody.Hears() {
		t.Errorf("nobody manages this process: %v", err)
	}
	if err := inherit(t, filepath.Join(t.TempDir(), "away")).Notify(systemd.Ready); err == nil {
		t.Error("who is away has heard it")
	}
	name := filepath.Join(t.TempDir(), "busy")
	listen(t, name)
	m := inherit(t, name)
	for range 100_000 {
		if err := m.Notify(systemd.Alive); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("a manager that never reads has taken all")
}
