package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lines is a log, line by line.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// served is the next address at which the log says that profiles are served.
func (l lines) served(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l:
		_, rest, ok := strings.Cut(line, `url=http://`)
		addr, _, _ := strings.Cut(rest, "/")
		if !ok {
			t.Fatalf("the log says %s", line)
		}
		return addr
	case <-time.After(time.Minute):
		t.Fatal("nothing is served")
	}
	return ""
}

// profiling serves profiles on a free port, and returns its address.
func profiling(t *testing.T) (*profiles, string) {
	t.Helper()
	log := make(lines, 8)
	p := openProfiles(t.Context(), "127.0.0.1:0", slog.New(slog.NewTextHandler(log, nil)))
	return p, log.served(t)
}

// profile asks for one, under the name that a browser would take the server for, "" for its own.
func profile(t *testing.T, addr, name, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+profilesPath+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host, req.Close = host, true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Waiting is noted only where somebody may ask for it: both of its profiles are empty in a process as Go starts it.
func TestProfilesNoteWaitingAsLongAsTheyAreServed(t *testing.T) {
	before := runtime.SetMutexProfileFraction(-1)
	p, addr := profiling(t)
	for _, name := range []string{"heap", "goroutine", "mutex", "block", "allocs"} {
		if status, body := profile(t, addr, name+"?debug=1", ""); status != http.StatusOK || body == "" {
			t.Errorf("%s: %d with %d bytes", name, status, len(body))
		}
	}
	if got := runtime.SetMutexProfileFraction(-1); got != contention {
		t.Errorf("one in %d waits for a mutex is noted", got)
	}
	p.close()
	if got := runtime.SetMutexProfileFraction(-1); got != before {
		t.Errorf("afterwards one in %d is, and %d before", got, before)
	}
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

// G11: loopback is within reach of every page that somebody on the host opens, and a command line may hold a password.
func TestProfilesAreForThisHostAndTellNoCommandLine(t *testing.T) {
	p, addr := profiling(t)
	defer p.close()
	if status, _ := profile(t, addr, "heap", "evil.example"); status != http.StatusForbidden {
		t.Errorf("under another name: %d", status)
	}
	if status, body := profile(t, addr, "cmdline", ""); status != http.StatusNotFound {
		t.Errorf("the command line: %d %s", status, body)
	}
}

// G8: a profile of an hour does not keep a node that is to go.
func TestAProfileThatIsBeingTakenKeepsNobody(t *testing.T) {
	p, addr := profiling(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+profilesPath+"trace?seconds=3600", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req) // its head comes with the first bytes of the trace
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p.close()
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("half a trace passes for a whole one")
	}
}

// A start that asks for no profiles has none.
func TestProfilesAreServedOnlyWhereTheyAreAskedFor(t *testing.T) {
	none := openProfiles(t.Context(), "", nil)
	if none.server != nil {
		t.Error("somebody serves")
	}
	none.close()
}

// G6: the process that takes over on the same host starts while the other still has the address, says that it waits, and
// has it when the other is gone. One that is told to stop before then waits no longer.
func TestASecondProcessHasTheProfilesAddressWhenItIsFree(t *testing.T) {
	old, addr := profiling(t)
	log := make(lines, 8)
	young := openProfiles(t.Context(), addr, slog.New(slog.NewTextHandler(log, nil)))
	defer young.close()
	if line := <-log; !strings.Contains(line, "level=WARN") || !strings.Contains(line, "debug_listen") {
		t.Errorf("of a taken address the log says %s", line)
	}
	openProfiles(t.Context(), addr, slog.New(slog.DiscardHandler)).close()
	if status, _ := profile(t, addr, "heap", ""); status != http.StatusOK {
		t.Errorf("the first is asked in vain: %d", status)
	}
	old.close()
	if at := log.served(t); at != addr {
		t.Errorf("served at %s, want %s", at, addr)
	}
	if status, _ := profile(t, addr, "heap", ""); status != http.StatusOK {
		t.Errorf("the second is asked in vain: %d", status)
	}
}
