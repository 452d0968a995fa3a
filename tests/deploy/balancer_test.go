package deploy

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A node that was killed refuses connections until HAProxy's next look at it. Nobody notices but who was being answered: what
// could not be sent goes to the other node at once, a submit too (G9).
func TestWhatAKilledNodeRefusesGoesToTheOther(t *testing.T) {
	for _, config := range []string{balancerFile, "../../examples/one-host/haproxy.cfg"} {
		answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
		killed, other := httptest.NewServer(answers), httptest.NewServer(answers)
		front := "http://" + balance(t, config, killed.Listener.Addr().String(), other.Listener.Addr().String())
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
		until(t, func() bool { return submit(client, front) == http.StatusAccepted })
		killed.Close()
		began, refused := time.Now(), 0
		for range 10 {
			if status := submit(client, front); status != http.StatusAccepted {
				refused++
				t.Logf("%s: answered %d", config, status)
			}
		}
		if took := time.Since(began); refused > 0 || took > 10*time.Second {
			t.Errorf("%s: %d of 10 were refused, in %v", config, refused, took)
		}
		other.Close()
	}
}

// balance runs HAProxy with a configuration before two nodes, and returns where it listens.
func balance(t *testing.T, config, a, b string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	_ = free.Close()
	cmd := exec.CommandContext(t.Context(), "haproxy", "-db", "-f", config)
	if _, err := exec.LookPath("haproxy"); err != nil {
		cmd = exec.CommandContext(t.Context(), "/usr/sbin/haproxy", "-db", "-f", config)
	}
	cmd.Env = append(os.Environ(), "LISTEN="+listen, "A="+a, "B="+b, "DNS=127.0.0.1:9")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("HAProxy: %s", log.String())
		}
	})
	return listen
}

// submit is the status with which a POST was answered; 0 if it was not.
func submit(client *http.Client, at string) int {
	resp, err := client.Post(at+"/v1/tasks", "application/json", strings.NewReader("{}"))
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// until waits for what was started to be there.
func until(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it is not there")
		}
	}
}
