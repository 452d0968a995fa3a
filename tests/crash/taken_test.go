package crash_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// theft is what somebody does to the files of a node that serves.
type theft struct {
	name string
	do   func(dir string) error
	file string // that the log has to name
	says string // what a start on the rest says; "" when it serves
}

// thefts are what hands, scripts and tools do to files.
func thefts() []theft {
	path := func(dir, suffix string) string { return filepath.Join(dir, db+suffix) }
	return []theft{
		{"rm of the database", func(dir string) error { return os.Remove(path(dir, "")) }, db, "its log is there"},
		{"rm of the log", func(dir string) error { return os.Remove(path(dir, "-wal")) }, db + "-wal", ""},
		{"rm of the index", func(dir string) error { return os.Remove(path(dir, "-shm")) }, db + "-shm", ""},
		{"rm of the folder", os.RemoveAll, db, "there is no directory"},
		{"mv of another file into its place", func(dir string) error {
			b, err := os.ReadFile(path(dir, ""))
			if err == nil {
				err = os.WriteFile(path(dir, ".new"), b, 0o600)
			}
			if err != nil {
				return err
			}
			return os.Rename(path(dir, ".new"), path(dir, ""))
		}, db, ""},
		{"the database emptied", func(dir string) error { return os.Truncate(path(dir, ""), 0) }, db, "its log is there"},
		{"the database cut to half", func(dir string) error { return os.Truncate(path(dir, ""), 40<<10) }, db, "damaged"},
		{"the log emptied", func(dir string) error { return os.Truncate(path(dir, "-wal"), 0) }, db + "-wal", ""},
	}
}

// G1, G10: whatever is taken from under a node, it accepts nothing that nobody would find: 503 store_unavailable, a time
// to come again, and a line of the log that names the file and says what to do. It lives on, as it alone may have what was
// in the file; and the next start makes nothing anew where there was something.
func TestWhatIsTakenFromUnderANodeIsNoticedBeforeItAcceptsMore(t *testing.T) {
	t.Parallel()
	lab.Binary(t)
	for _, c := range thefts() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, dir := furnished(t)
			if err := c.do(dir); err != nil {
				t.Fatal(err)
			}
			refuses(t, n)
			line := n.Await("it says what has happened", func(l lab.Line) bool { return strings.HasPrefix(l.Msg, "the store's file was") })
			var said struct{ File, Do string }
			if err := json.Unmarshal([]byte(line.Raw), &said); err != nil || said.File != filepath.Join(dir, c.file) || said.Do == "" {
				t.Errorf("the log says %s (%v)", line.Raw, err)
			}
			if a := n.Do(http.MethodGet, "/livez", ""); a.Status != http.StatusOK {
				t.Errorf("livez: %d %s", a.Status, a.Body)
			}
			n.Kill()
			restart(t, dir, c.says)
		})
	}
}

// furnished is a node with tasks in its file and more in its log.
func furnished(t *testing.T) (n *lab.Node, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	n = lab.Start(t, "sqlite:"+filepath.Join(dir, db))
	furnish(n, &checker.Log{})
	lab.Until(t, "the log has been moved into the file", func() bool {
		st, err := os.Stat(filepath.Join(dir, db))
		return err == nil && st.Size() > 40<<10
	})
	furnish(n, &checker.Log{})
	record.Settle(t, n) // a log that is cut while a commit goes into it is continued behind the hole
	return n, dir
}

func furnish(n *lab.Node, log *checker.Log) {
	for i := range 20 {
		submit(n, log, fmt.Sprintf(`{"type":"echo","client":"c","input":%q}`, strings.Repeat("x", 400*i)))
	}
}

// refuses checks that no submit is accepted, and how.
func refuses(t *testing.T, n *lab.Node) {
	t.Helper()
	for range 5 {
		a := n.Do(http.MethodPost, "/v1/tasks", `{"type":"echo","client":"c","input":1}`)
		if a.Code() != lastcall.CodeStoreUnavailable || a.Header.Get("Retry-After") == "" {
			t.Fatalf("submit: %d %s, Retry-After %q", a.Status, a.Body, a.Header.Get("Retry-After"))
		}
	}
}

// restart starts a node on what is left: it serves, or says why not.
func restart(t *testing.T, dir, says string) {
	t.Helper()
	n := lab.Launch(t, exec.Command(lab.Binary(t), lab.ServeArgs("sqlite:"+filepath.Join(dir, db))...))
	if says == "" {
		n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
		n.Submit(`{"type":"echo","client":"c","input":1}`)
		return
	}
	if code, _ := n.Wait(); code != 1 || !strings.Contains(n.Log(), says) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", code, says, n.Log())
	}
}

// G1: what was in a file that somebody has removed can be saved as long as the node lives, as docs/operations.md says.
func TestARemovedFileIsSavedFromTheNodeThatHasItOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, db)
	n, log := lab.Start(t, "sqlite:"+path), &checker.Log{}
	furnish(n, log)
	record.Settle(t, n)
	for _, suffix := range []string{"", "-wal"} {
		if err := os.Remove(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, n)
	fds := fmt.Sprintf("/proc/%d/fd/", n.Cmd.Process.Pid)
	all, err := os.ReadDir(fds)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range all {
		target, _ := os.Readlink(fds + fd.Name()) // it may have been closed
		if name, removed := strings.CutSuffix(target, " (deleted)"); removed {
			write(t, name, read(t, fds+fd.Name()))
		}
	}
	n.Kill()
	n = lab.Start(t, "sqlite:"+path)
	record.End(t, n, log, []string{"c"}, checker.Expect{})
}

// G10: damage that is met is a 503 or an error of the start and never a panic, doctor says so with exit code 1, and the log
// says where. What is not read may stay unseen for long: hence doctor.
func TestDamageIsSaidAndNeverSuffered(t *testing.T) {
	t.Parallel()
	lab.Binary(t)
	for name, at := range map[string]func(size int) []int{
		"the header":    func(int) []int { return []int{0} },
		"every page":    func(size int) (all []int) { return pages(4096, size) },
		"half the file": func(size int) (all []int) { return pages(size/2/4096*4096, size) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, dir := furnished(t)
			path := filepath.Join(dir, db)
			scrawl(t, path, at)
			for range 10 {
				a := n.Do(http.MethodPost, "/v1/tasks", `{"type":"echo","client":"c","input":1}`)
				if a.Status != http.StatusAccepted && (a.Code() != lastcall.CodeStoreUnavailable || a.Header.Get("Retry-After") == "") {
					t.Errorf("submit: %d %s", a.Status, a.Body)
				}
			}
			n.Signal(syscall.SIGTERM)
			n.Wait()
			scrawl(t, path, at) // what the node has moved from the log into the file is over it
			out, err := exec.Command(lab.Binary(t), "doctor", "--store", "sqlite:"+path).CombinedOutput()
			if !strings.Contains(string(out), "damaged") || err == nil {
				t.Errorf("doctor says (%v):\n%s", err, out)
			}
		})
	}
}

func pages(from, to int) (at []int) {
	for ; from < to; from += 4096 {
		at = append(at, from)
	}
	return at
}

// scrawl writes over the beginning of pages.
func scrawl(t *testing.T, path string, at func(size int) []int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range at(int(st.Size())) {
		if _, err := f.WriteAt([]byte(strings.Repeat("this is no page ", 60)), int64(offset)); err != nil {
			t.Fatal(err)
		}
	}
}
