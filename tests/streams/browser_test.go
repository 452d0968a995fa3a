package streams_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// packages are pinned with what they need, so that what is tested is the same everywhere.
var packages = []string{"eventsource@3.0.7", "eventsource-parser@3.1.1"}

// browser is a folder with an EventSource in it.
type browser struct{ modules string }

func install(t *testing.T) browser {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"install", "--prefix", dir, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"}, packages...)
	cmd := exec.CommandContext(t.Context(), "npm", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	return browser{filepath.Join(dir, "node_modules")}
}

// sight is something that a page has seen.
type sight struct {
	Saw  string `json:"saw"` // an event's type, or open, lost, closed
	At   int64  `json:"at"`  // Unix time in ms
	ID   string `json:"id"`
	Code int    `json:"code"` // of closed
	Data frame  `json:"data"`
}

// frame is of the data of an event what these tests look at.
type frame struct {
	Seq     int64  `json:"seq"`
	Task    string `json:"task"`
	Cursor  string `json:"cursor"`
	Status  string `json:"status"`
	Node    string `json:"node"`
	Mode    string `json:"mode"`
	AfterMS int64  `json:"after_ms"`
}

// page is an EventSource at work.
type page struct {
	t    *testing.T
	seen chan sight
}

// open follows an address, and notes the events of the given types.
func (b browser) open(t *testing.T, url string, types ...string) *page {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join("testdata", "eventsource.cjs"), url}, types...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+b.modules)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &page{t, make(chan sight, 10_000)}
	ended := make(chan struct{})
	go func() { // ends with the process
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var s sight
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Errorf("%s: %v", lines.Bytes(), err)
			}
			p.seen <- s
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-ended
		_ = cmd.Wait()
	})
	return p
}

// next is what the page sees next.
func (p *page) next() sight {
	p.t.Helper()
	select {
	case s := <-p.seen:
		return s
	case <-time.After(lab.Patience):
		p.t.Fatal("the page sees nothing")
		return sight{}
	}
}

// skipTo waits until the page sees something.
func (p *page) skipTo(saw string) sight {
	p.t.Helper()
	for {
		if s := p.next(); s.Saw == saw {
			return s
		}
	}
}
