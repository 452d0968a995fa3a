package crash_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// segment is how large the server's files are that it cannot do without: those of its log.
const segment = 1 << 20

// G1, G2, G10: a database without room for more rows answers submits with 503 store_unavailable and a time to come again;
// reads go on, a run that ends meanwhile keeps its outcome and is settled later, and with room the node goes on by itself.
// Then there is no room for the database's log either, so that the server ends: it is started again, and the node is not.
func TestAFullDiskOfTheDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	server := pg.Start(t, pg.Segments(segment>>20))
	w := newWard(t, server)
	w.fill(func() { server.LimitFiles(t, segment) }, "File too large")
	w.recover(func() { server.LimitFiles(t, pg.Unlimited) })

	server.LimitFiles(t, 1)
	w.again = untilFull(t, w.node, w.log)
	lab.Until(t, "the server has ended for want of its log", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+server.Port)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	w.recover(func() {
		server.Stop(t, pg.Immediate) // it has; this is for its remains
		server.Start(t)
	})
	w.close()
}

// G1, G2, G10: the same on a file system that is full, where one can be mounted; the limit on the server's files stands for
// it where not.
func TestAFullFileSystemOfTheDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lastcall-full-") //nolint:usetesting // the server's user must get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Logf("a small file system cannot be mounted here (%v): TestAFullDiskOfTheDatabaseLosesNothing stands for it", err)
		return
	}
	t.Cleanup(func() { // after the server has been ended
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	w := newWard(t, pg.Start(t, pg.Within(dir)))
	ballast := filepath.Join(dir, "ballast")
	w.fill(func() { fillUp(t, ballast) }, "SQLSTATE 53100")
	w.recover(func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
	w.close()
}

// ward is a node on a database that runs out of room.
type ward struct {
	t       *testing.T
	server  *pg.Server
	store   string
	node    *lab.Node
	log     *checker.Log
	running lastcall.Task     // its output is as large as what finds no room
	gate    string            // the file that it waits for
	again   map[string]string // submits that were asked to come again, by key
}

func newWard(t *testing.T, server *pg.Server) *ward {
	t.Helper()
	dir := t.TempDir()
	w := &ward{t: t, server: server, store: server.Create(t, "full"), log: &checker.Log{}, gate: filepath.Join(dir, "gate")}
	config := filepath.Join(dir, "lastcall.yaml")
	write(t, config, []byte(`tasks:
  echo: {exec: [cat]}
  late: {exec: [sh, -c, 'until [ -e gate ]; do sleep 0.1; done; echo "\"$(head -c 20000 /dev/urandom | base64 -w0)\""']}
`))
	w.node = lab.Start(t, w.store, "--config", config, "--log-level", "debug")
	w.running = submit(w.node, w.log, `{"type":"late","client":"c"}`)
	w.node.AwaitStatus(w.running.ID, lastcall.Running)
	return w
}

// fill takes the room away, and looks at what the node makes of it. Its log has to name what ails the server.
func (w *ward) fill(fill func(), says string) {
	w.t.Helper()
	fill()
	w.again = untilFull(w.t, w.node, w.log)
	write(w.t, w.gate, nil)
	w.node.Await("the run has ended and cannot be settled", func(l lab.Line) bool { return l.Msg == "settle failed" && l.Task == w.running.ID })
	for _, path := range []string{"/livez", "/v1/tasks/" + w.running.ID, "/v1/queues"} {
		if a := w.node.Do(http.MethodGet, path, ""); a.Status != http.StatusOK {
			w.t.Errorf("GET %s without room: %d %s", path, a.Status, a.Body)
		}
	}
	if !strings.Contains(w.node.Log(), says) {
		w.t.Errorf("the log does not say %q", says)
	}
}

// recover makes room, and waits until the node has done what it could not do.
func (w *ward) recover(free func()) {
	w.t.Helper()
	free()
	for key, body := range w.again {
		lab.Until(w.t, "the submit "+key+" is taken", func() bool { return tryKeyed(w.t, w.node, w.log, key, body) })
	}
	record.Settle(w.t, w.node)
	task := w.node.Task(w.running.ID)
	if task.Status != lastcall.Succeeded || task.Run != 1 || len(task.Output) < 20_000 {
		w.t.Errorf("the task that ran is %s at run %d, with %d bytes of output", task.Status, task.Run, len(task.Output))
	}
}

// close kills the node, and holds the record against what another one finds.
func (w *ward) close() {
	w.t.Helper()
	w.node.Kill()
	n := lab.Start(w.t, w.store)
	record.End(w.t, n, w.log, []string{"c"}, checker.Expect{Attempts: 1})
	sum := w.log.Summary()
	w.t.Logf("%s", &sum)
}
