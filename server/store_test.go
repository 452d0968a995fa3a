package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// The address of a database is told without what opens it, wherever in it that stands.
func TestTheNameOfAStoreHoldsNoPassword(t *testing.T) {
	for address, want := range map[string]string{
		"sqlite:a/b.db":   "sqlite:a/b.db",
		"postgres://db/x": "postgres://db/x",
		"postgres://u:hunter2@db:5432/x?sslmode=require":          "postgres://db:5432/x",
		"postgresql://u:hunter2@a:1,b:2/x?schema=s":               "postgresql://a:1,b:2/x?schema=s",
		"postgres://u@db/x?password=hunter2&sslpassword=hunter2":  "postgres://db/x",
		"postgres://u@db/x?passfile=hunter2&schema=s&schema=hunt": "postgres://db/x?schema=s&schema=hunt",
		"postgres:///x?host=/run/postgresql&password=hunter2":     "postgres:///x?host=%2Frun%2Fpostgresql",
		"postgres://u:hunter%zz@db/x":                             "postgres://",
		"postgres://u:hunter#2@db/x":                              "postgres://",
		"postgres://u:/hunter2@db/x":                              "postgres://",
		"postgres://u:12/hunter2@db/x":                            "postgres://",
		"postgres://u@db/x#hunter2":                               "postgres://db/x",
	} {
		if got := server.StoreName(address); got != want {
			t.Errorf("%s is told as %s, want %s", address, got, want)
		}
	}
}

// G10: what is wrong with an address is told without it.
func TestWhatIsWrongWithAStoreIsToldWithoutItsPassword(t *testing.T) {
	for _, address := range []string{
		"postgres://u:hunter%zz@db/x", "postgres://u:hunter#2@db/x", "postgres://u:/hunter2@db/x", "mysql://u:hunter2@db/x", "hunter2",
	} {
		o := options(t)
		o.Store = address
		srv, err := server.New(o)
		if err == nil {
			_ = srv.Close()
			t.Fatalf("%s was taken", address)
		}
		if strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), "store") {
			t.Errorf("it says %q", err)
		}
	}
}

// A database that is away at the start is asked for again for a while, which is told once and without the password; the
// end of it is an error that says that trying again may help.
func TestADatabaseThatIsAwayIsAskedForAWhile(t *testing.T) {
	t.Parallel()
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := away.Addr().String()
	_ = away.Close() // nobody listens there now
	var log bytes.Buffer
	o := options(t)
	o.Store = "postgres://u:hunter2@" + addr + "/x"
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	began := time.Now()
	srv, err := server.New(o)
	took := time.Since(began)
	if err == nil {
		_ = srv.Close()
		t.Fatal("it was opened")
	}
	if lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
		t.Errorf("it says %v", err)
	}
	if took < 8*time.Second || took > 15*time.Second {
		t.Errorf("it was asked for %v", took)
	}
	told := log.String()
	if n := strings.Count(told, "the store does not answer; trying again"); n != 1 {
		t.Errorf("that was told %d times:\n%s", n, told)
	}
	for _, text := range []string{told, err.Error()} {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, addr) {
			t.Errorf("it says %s", text)
		}
	}
}

// Whoever stops a node that waits for its database, as a roll-back does, need not wait for it too.
func TestASignalEndsTheWaitForADatabase(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	o := options(t)
	o.Store, o.Signals = "postgres://u@"+silent.Addr().String()+"/x", signals
	began := time.Now()
	srv, err := server.New(o)
	if err == nil {
		_ = srv.Close()
		t.Fatal("it was opened")
	}
	if took := time.Since(began); !errors.Is(err, server.ErrStopped) || took > 2*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestWhereANodeIsReachedIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.7": "", "10.0.0.7:80": "", "fd00::7": "", "[fd00::7]": "", "[fd00::7]:80": "", "node-a": "", "node-a:80": "",
		"":            "must be HOST or HOST:PORT",
		":80":         "must be HOST or HOST:PORT",
		"node-a:":     "a port from 1 to 65535",
		"node-a:0":    "a port from 1 to 65535",
		"node-a:http": "a port from 1 to 65535",
		"http://a:80": "must be HOST or HOST:PORT",
		"a/b":         "must be HOST or HOST:PORT",
		"a b:80":      "must be HOST or HOST:PORT",
		"0.0.0.0":     "stands for all there are",
		"[::]:80":     "stands for all there are",
	} {
		err := server.CheckAdvertise(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
