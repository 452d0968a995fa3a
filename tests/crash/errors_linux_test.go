package crash_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// ailment is what strace answers some system calls with, in the kernel's stead: it needs no privilege and no device. The
// first ones are let through, as they set the store up, and then those in between, as what is to be over must get
// better.
type ailment struct {
	name   string
	file   string // what follows the database's name
	inject string
	says   string // the system's word for it, which the log has to have
	bulk   int    // bytes of an input: many have the log moved into the file
}

// unreadable is SQLite's word for a page that the disk does not give: it does not tell that from one that is wrong.
const unreadable = "database disk image is malformed"

var ailments = []ailment{
	{"the log cannot be written", "-wal", "pwrite64:error=EIO:when=20+31", "input/output error", 3000},
	{"the log is written in part", "-wal", "pwrite64:retval=0:when=20+31", "", 3000},
	{"the log cannot be synced", "-wal", "fsync,fdatasync:error=EIO:when=5+7", "input/output error", 3000},
	{"the log cannot be read", "-wal", "pread64:error=EIO:when=60+31", unreadable, 3000},
	{"the database cannot be written", "", "pwrite64:error=EIO:when=90+31", "input/output error", 250_000},
	{"the database cannot be synced", "", "fsync,fdatasync:error=EIO:when=2+", "input/output error", 250_000},
}

// G1, G2, G10: whatever the disk refuses, at whichever step, is answered with 503 store_unavailable and a time to come
// again; nothing that was acknowledged is lost, each task has one end, and it goes on by itself.
func TestErrorsOfTheDiskLoseNothingAndAreOverWhenTheyAreOver(t *testing.T) {
	t.Parallel()
	lab.Binary(t) // once, before all want it
	for _, a := range ailments {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.suffer(t)
		})
	}
}

func (a *ailment) suffer(t *testing.T) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // as strace compares it
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, db)
	trace := filepath.Join(t.TempDir(), "trace")
	lab.Start(t, "sqlite:"+path).Kill() // so that the next start finds the file set up
	calls, _, _ := strings.Cut(a.inject, ":")
	args := append([]string{
		"-D", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=" + calls, "-P", path + a.file, "-e", "inject=" + a.inject,
		lab.Binary(t),
	}, lab.ServeArgs("sqlite:"+path)...)
	n := lab.Launch(t, exec.Command("strace", args...))
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	log := &checker.Log{}
	patients := make([]patient, 3)
	var busy sync.WaitGroup
	for i := range patients {
		patients[i].client = fmt.Sprintf("patient-%d", i)
		busy.Go(func() { patients[i].come(t, n, log, a.bulk) })
	}
	busy.Wait()
	said := n.Log()
	n.Kill()
	again := 0
	for i := range patients {
		again += patients[i].again
	}
	refused := bytes.Count(read(t, trace), []byte("(INJECTED)"))
	t.Logf("%d system calls failed, %d answers asked to come again", refused, again)
	if refused == 0 {
		t.Error("nothing has failed")
	}
	if again > 0 && a.says != "" && !slices.ContainsFunc(strings.Split(said, "\n"), func(line string) bool {
		return strings.Contains(line, path) && strings.Contains(line, a.says)
	}) {
		t.Errorf("no line of the log names the file and says %q:\n%s", a.says, said)
	}
	n = lab.Start(t, "sqlite:"+path)
	record.End(t, n, log, []string{"patient-0", "patient-1", "patient-2"}, checker.Expect{})
	n.Kill()
}

// patient submits and asks until each is answered well.
type patient struct {
	client string
	again  int // answers that asked to come again
}

func (p *patient) come(t *testing.T, n *lab.Node, log *checker.Log, bulk int) {
	t.Helper()
	for i := range 12 {
		s := checker.Submit{Client: p.client, Key: fmt.Sprintf("%s-%d", p.client, i)}
		body := fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, p.client, strings.Repeat("x", bulk*(i%3)))
		var task lastcall.Task
		if !p.insist(t, n, http.MethodPost, "/v1/tasks", body, &task, "Idempotency-Key: "+s.Key) {
			return
		}
		log.Submitted(s, task)
		if !p.insist(t, n, http.MethodGet, "/v1/tasks/"+task.ID, "", &task) {
			return
		}
		log.TaskSeen(p.client, task)
	}
}

// insist asks until it is answered. Anything but a 503 that says when to come again is a finding.
func (p *patient) insist(t *testing.T, n *lab.Node, method, path, body string, out *lastcall.Task, headers ...string) bool {
	t.Helper()
	answered := false
	lab.Until(t, method+" "+path+" is answered", func() bool {
		a, err := n.Try(t.Context(), method, path, body, headers...)
		switch {
		case err != nil:
			t.Errorf("%s %s: %v", method, path, err)
			return true
		case a.Status == http.StatusAccepted || a.Status == http.StatusOK:
			a.Decode(n, out)
			answered = true
			return true
		case a.Code() != lastcall.CodeStoreUnavailable || a.Header.Get("Retry-After") == "":
			t.Errorf("%s %s: %d %s, Retry-After %q", method, path, a.Status, a.Body, a.Header.Get("Retry-After"))
			return true
		}
		p.again++
		return false
	})
	return answered
}
