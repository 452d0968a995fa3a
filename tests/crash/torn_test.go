package crash_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// A log whose tail is torn off or scribbled over, as on a disk that lies about its syncs, is good up to the damage. What
// stood behind it is lost; but the node starts, and shows whole tasks only, without a hole: those of the first commits.
func TestATornLogIsGoodUpToTheTear(t *testing.T) {
	const tears = 12
	chance := newDice(t).roll(0)
	data, wal, submitted := burst(t, chance)
	kept := make(spread[int], tears)
	for i := range tears {
		dir := t.TempDir()
		torn := append([]byte{}, wal[:chance.IntN(len(wal))]...)
		if i%2 == 0 {
			torn = append(torn, scribble(chance, wal[len(torn):])...)
		}
		write(t, filepath.Join(dir, db), data)
		write(t, filepath.Join(dir, db+"-wal"), torn)
		n := lab.Start(t, "sqlite:"+filepath.Join(dir, db))
		kept[i] = firsts(t, record.Tasks(t, n), submitted)
		record.Settle(t, n)
		n.Kill()
	}
	t.Logf("of %d tasks were left: %v", len(submitted), kept)
}

// burst submits tasks, one commit each, kills the node, and returns what is on the disk, with all of it still in the log:
// a log that was moved into the file may not be torn, as then the file is newer than what is left of it.
func burst(t *testing.T, chance *rand.Rand) (data, wal []byte, submitted []lastcall.Task) {
	t.Helper()
	for range 5 {
		submitted = nil
		path := filepath.Join(t.TempDir(), db)
		n := lab.Start(t, "sqlite:"+path)
		for i := range 60 {
			body := fmt.Sprintf(`{"type":"echo","client":"c","input":"%d %s"}`, i, strings.Repeat("x", chance.IntN(9000)))
			submitted = append(submitted, submit(n, &checker.Log{}, body))
		}
		n.Kill()
		if data, wal = read(t, path), read(t, path+"-wal"); len(data) <= 4096 {
			return data, wal, submitted
		}
	}
	t.Fatal("this machine is too slow: the log is always moved before the node is killed")
	return nil, nil, nil
}

// scribble writes over some sectors.
func scribble(chance *rand.Rand, b []byte) []byte {
	b = append([]byte{}, b...)
	for at := 0; at+512 <= len(b); at += 512 {
		if chance.IntN(3) == 0 {
			for i := range b[at : at+512] {
				b[at+i] = byte(chance.Uint32())
			}
		}
	}
	return b
}

// firsts checks that the tasks that are left are the first that were submitted, each whole, and counts them.
func firsts(t *testing.T, left, submitted []lastcall.Task) int {
	t.Helper()
	byID := map[string]lastcall.Task{}
	for _, task := range left {
		byID[task.ID] = task
	}
	for i, want := range submitted {
		got, ok := byID[want.ID]
		switch {
		case !ok && len(left) > i:
			t.Errorf("task %d is lost, and %d are left", i, len(left))
			return len(left)
		case !ok:
			return len(left)
		case string(got.Input) != string(want.Input) || got.Client != want.Client || !got.CreatedAt.Equal(want.CreatedAt):
			t.Errorf("task %d is not what was submitted: %+v", i, got)
		case got.Status == lastcall.Succeeded && string(got.Output) != string(want.Input):
			t.Errorf("task %d has succeeded with half an output of %d bytes", i, len(got.Output))
		}
	}
	return len(left)
}

// A file that holds no store of ours is refused with a sentence and left as it is.
func TestAFileThatIsNoStoreIsRefusedAndLeftAlone(t *testing.T) {
	data, _, _ := burst(t, newDice(t).roll(0))
	for name, c := range map[string]struct{ data []byte }{
		"a text":        {data: []byte(strings.Repeat("Dear diary, today I wrote nothing into a database.\n", 200))},
		"noise":         {data: bytes.Repeat([]byte("\xfe\x01\x99"), 20<<10)},
		"a broken head": {data: append([]byte("SQLite is broken"), data[16:]...)},
		"a broken root": {data: append(data[:100:100], bytes.Repeat([]byte{0xff}, 40<<10)...)},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), db)
			write(t, path, c.data)
			n := lab.Launch(t, exec.Command(lab.Binary(t), lab.ServeArgs("sqlite:"+path)...))
			if code, _ := n.Wait(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			said := n.Log()
			if !strings.Contains(said, "damaged") || !strings.Contains(said, path) || strings.Count(said, "\n") != 1 {
				t.Errorf("it said:\n%s", said)
			}
			if !bytes.Equal(read(t, path), c.data) {
				t.Error("the file was changed")
			}
			t.Log(said)
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
