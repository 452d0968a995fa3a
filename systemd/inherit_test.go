package systemd_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/systemd"
)

// What is wrong in the environment is told by the name of its variable; what is meant for another process is not wrong,
// and nothing is left behind for those that this one starts.
func TestTheEnvironmentIsTakenAndLeftEmpty(t *testing.T) {
	const self = "PID" // stands for this process
	dog := func(time, pid string) map[string]string {
		return map[string]string{"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": time, "WATCHDOG_PID": pid}
	}
	for name, c := range map[string]struct {
		env   map[string]string
		wrong string
		hears bool
		dog   time.Duration
	}{
		"nobody":                           {},
		"a path":                           {env: map[string]string{"NOTIFY_SOCKET": "/run/notify"}, hears: true},
		"an abstract name":                 {env: map[string]string{"NOTIFY_SOCKET": "@notify"}, hears: true},
		"a virtual machine's":              {env: map[string]string{"NOTIFY_SOCKET": "vsock:2:1"}, wrong: "NOTIFY_SOCKET"},
		"a watchdog":                       {env: dog("1500000", ""), hears: true, dog: 1500 * time.Millisecond},
		"a watchdog for this process":      {env: dog("9", self), hears: true, dog: 9 * time.Microsecond},
		"a watchdog for another":           {env: dog("9", "1"), hears: true},
		"a watchdog without a time":        {env: dog("soon", ""), wrong: "WATCHDOG_USEC"},
		"a watchdog of no time":            {env: dog("0", ""), wrong: "WATCHDOG_USEC"},
		"a watchdog of too long a time":    {env: dog("9223372036854775807", ""), wrong: "WATCHDOG_USEC"},
		"sockets for another process":      {env: map[string]string{"LISTEN_FDS": "2", "LISTEN_PID": "1"}},
		"sockets for nobody in particular": {env: map[string]string{"LISTEN_FDS": "2"}},
		"sockets that cannot be counted":   {env: map[string]string{"LISTEN_FDS": "-1", "LISTEN_PID": self}, wrong: "LISTEN_FDS"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, strings.ReplaceAll(value, self, itoa(os.Getpid())))
			}
			m, err := systemd.Inherit()
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want one of %q", err, c.wrong)
			}
			if m.Hears() != c.hears || m.Watchdog() != c.dog || len(m.Sockets()) > 0 {
				t.Errorf("hears %t, watchdog %v, sockets %v", m.Hears(), m.Watchdog(), m.Sockets())
			}
			for _, kv := range os.Environ() {
				if strings.HasPrefix(kv, "NOTIFY_") || strings.HasPrefix(kv, "WATCHDOG_") || strings.HasPrefix(kv, "LISTEN_") {
					t.Errorf("a child would inherit %s", kv)
				}
			}
		})
	}
}

// A socket is taken by its name, or as the only one; who connects before anybody has taken it waits.
func TestASocketThatWasHandedOverIsServed(t *testing.T) {
	for name, c := range map[string]struct {
		sockets int
		names   string
		take    string
		says    string // on standard output
		answer  string // to who connects to the first socket
	}{
		"the only one":                {1, "", "any", "[unknown] \n", "hello, beside []"},
		"one by its name":             {2, "http:admin", "http", "[http admin] \n", "hello, beside [admin]"},
		"which of two":                {2, "http:admin", "any", "[http admin] \nwhich socket is meant of: http, admin?\n", ""},
		"one that is not there":       {1, "http", "admin", "[http] \nno socket is called admin; there are: http\n", ""},
		"none":                        {0, "", "any", "[] \nno service manager has handed over a socket\n", ""},
		"more than were really there": {2, "http:admin", "one less", "take over the socket admin (2 of 2): ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, said, err := handOver(t, c.take, c.names, c.sockets)
			if !strings.HasPrefix(out, c.says) || (err == nil) != (c.answer != "") || said != c.answer {
				t.Errorf("it says %q, answers %q, and ends with %v; want %q and %q", out, said, err, c.says, c.answer)
			}
		})
	}
}

// handOver starts a process that takes a socket of several, "one less" of which are really there, while somebody is
// connected to the first already. It returns what the process says, and what it answers.
func handOver(t *testing.T, take, names string, sockets int) (out, answer string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "HEIR="+take, "LISTEN_FDS="+itoa(sockets), "LISTEN_FDNAMES="+names)
	if take == "one less" {
		sockets--
	}
	var waits *net.UnixConn
	for i := range sockets {
		at := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"}
		ln, err := net.ListenUnix("unix", at)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ln.File()
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		if i == 0 {
			if waits, err = net.DialUnix("unix", nil, at); err != nil {
				t.Fatal(err)
			}
			defer waits.Close() //nolint:gocritic // it happens once
		}
		ln.SetUnlinkOnClose(false)
		_ = ln.Close() // the process has a copy
	}
	said, err := cmd.Output()
	for _, f := range cmd.ExtraFiles {
		_ = f.Close() // the last of its copies: who still waits is let down
	}
	if waits != nil {
		heard, _ := io.ReadAll(waits)
		answer = string(heard)
	}
	return string(said), answer, err
}
