package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// writing is examples/stream in a copy whose service has a port of its own.
type writing struct {
	t         *testing.T
	dir, port string
}

func newWriting(t *testing.T) *writing {
	t.Helper()
	w := &writing{t: t, dir: example(t, "stream"), port: lab.FreePort(t)}
	config := filepath.Join(w.dir, "lastcall.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.ReplaceAll(string(text), "127.0.0.1:9001", "127.0.0.1:"+w.port))
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// service starts the service.
func (w *writing) service() *process {
	w.t.Helper()
	return start(w.t, "serving at", w.dir, "env", "PORT="+w.port, "python3", "writer.py")
}

// text submits a text of so many words, with so many seconds to each, and waits until some are there.
func (w *writing) text(n *lab.Node, words int, rest float64) string {
	w.t.Helper()
	id := n.Submit(fmt.Sprintf(`{"type":"write","client":"alice","input":{"prompt":"closing time","words":%d,"rest":%v}}`, words, rest)).ID
	n.AwaitTask(id, "is some words long", func(t lastcall.Task) bool { return t.Progress != nil && t.Progress.Percent > 10 })
	return id
}

// written fails the test unless a text is the one that nobody has interrupted, and returns the task.
func (w *writing) written(n *lab.Node, id string, words int) lastcall.Task {
	w.t.Helper()
	task := n.AwaitStatus(id, lastcall.Succeeded)
	whole := n.Submit(fmt.Sprintf(`{"type":"write","input":{"prompt":"closing time","words":%d,"rest":0}}`, words), "Prefer: wait=30")
	if got, want := textOf(w.t, task), textOf(w.t, whole); got != want || len(strings.Fields(got)) != words {
		w.t.Errorf("the text is\n%s\nand without interruption it is\n%s", got, want)
	}
	return task
}

func textOf(t *testing.T, task lastcall.Task) string {
	t.Helper()
	var out struct{ Text string }
	if err := json.Unmarshal(task.Output, &out); err != nil {
		t.Fatalf("%s: %s: %v", task.Status, task.Output, err)
	}
	return out.Text
}

// from is the word at which the service has begun a run.
func (w *writing) from(p *process, run int) int {
	w.t.Helper()
	at := regexp.MustCompile(fmt.Sprintf(`run %d: from word (\d+)`, run))
	lab.Until(w.t, fmt.Sprintf("run %d begins", run), func() bool { return at.MatchString(p.text()) })
	n, _ := strconv.Atoi(at.FindStringSubmatch(p.text())[1]) // digits alone
	return n
}

// G4: a drain that has no time for the rest of a text cuts it off, and the next node has it gone on with behind the last
// checkpoint. A cancel ends it.
func TestATextThatIsCutOffGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWriting(t)
	p, store := w.service(), lab.Data(t)
	n := node(t, w.dir, store)
	const words = 150 // 9 s
	id := w.text(n, words, 0.06)
	n.Signal(syscall.SIGTERM)
	if code, report := n.Wait(); code != 0 || report.Tasks.HandedBack != 1 {
		t.Fatalf("the drain ended with %d and %+v", code, report)
	}
	p.says("nobody listens any more")
	n = node(t, w.dir, store)
	if at := w.from(p, 2); at < 15 {
		t.Errorf("it was begun again at word %d", at)
	}
	task := w.written(n, id, words)
	if task.Run != 2 || task.Attempt != 1 || task.Interruptions != 1 {
		t.Errorf("it took %d runs, attempt %d, %d interruptions", task.Run, task.Attempt, task.Interruptions)
	}
	id = w.text(n, 1000, 0.05)
	n.Do("POST", "/v1/tasks/"+id+"/cancel", "")
	n.AwaitStatus(id, lastcall.Canceled)
	lab.Until(t, "the service has stopped", func() bool { return strings.Count(p.text(), "nobody listens any more") == 2 })
}

// G4: a service that is told to stop hands back what it has, which costs no attempt, and goes on when it is back.
func TestAServiceThatIsDeployedHandsItsTextsBack(t *testing.T) {
	t.Parallel()
	w := newWriting(t)
	p := w.service()
	n := node(t, w.dir, lab.Data(t))
	const words = 60
	id := w.text(n, words, 0.05)
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("the service ended with %d", code)
	}
	p = w.service()
	task := w.written(n, id, words)
	if at := w.from(p, int(task.Run)); at == 0 {
		t.Error("it was begun again")
	}
	if task.Interruptions != 1 || task.Crashes != 0 {
		t.Errorf("it took %d runs, attempt %d, %d interruptions", task.Run, task.Attempt, task.Interruptions)
	}
	bad := n.Submit(`{"type":"write","input":{"words":"many"}}`, "Prefer: wait=30")
	if bad.Status != lastcall.Failed || bad.Error.Code != "bad_input" || bad.Attempt != 1 {
		t.Errorf("words that are no number: %s, %+v", bad.Status, bad.Error)
	}
}
