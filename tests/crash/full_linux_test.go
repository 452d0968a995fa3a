package crash_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// tight is a place for data that can be made full, and given room again.
type tight struct {
	name string
	dir  string
	fill func(*lab.Node)
	free func(*lab.Node)
}

// tightPlaces are those that can be had here. A limit on the size of files can be had anywhere; a small file system
// needs the right to mount one.
func tightPlaces(t *testing.T) []tight {
	t.Helper()
	limit := func(bytes uint64) func(*lab.Node) {
		return func(n *lab.Node) {
			size := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
			if err := unix.Prlimit(n.Cmd.Process.Pid, unix.RLIMIT_FSIZE, &size, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	places := []tight{{"no file may grow", t.TempDir(), limit(1), limit(unix.RLIM_INFINITY)}}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("a small file system cannot be mounted here (%v): the limit on files stands for it", err)
		return places
	}
	t.Cleanup(func() { // after the nodes have been ended
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	return append(places, tight{
		"the file system is full", dir,
		func(*lab.Node) { fillUp(t, ballast) },
		func(*lab.Node) {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// fillUp writes a file until there is no room for more.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// G1, G10: a full disk is answered with 503 store_unavailable and a time to come again; reads go on; what was
// acknowledged is kept, what runs is settled later; and when there is room the service goes on by itself.
func TestAFullDiskLosesNothingAndIsOverWhenThereIsRoom(t *testing.T) {
	for _, place := range tightPlaces(t) {
		t.Run(place.name, func(t *testing.T) {
			log := &checker.Log{}
			n := lab.Start(t, "sqlite:"+filepath.Join(place.dir, db), "--log-level", "debug")
			first := submit(n, log, `{"type":"echo","client":"c","input":"first"}`)
			n.AwaitStatus(first.ID, lastcall.Succeeded)
			running := submit(n, log, `{"type":"sleep","client":"c","input":{"ms":500,"steps":1}}`)
			n.AwaitStatus(running.ID, lastcall.Running)

			place.fill(n)
			again := untilFull(t, n, log)
			n.Await("a run has ended and cannot be settled", func(l lab.Line) bool { return l.Msg == "settle failed" })
			for _, path := range []string{"/livez", "/v1/tasks/" + first.ID, "/v1/tasks/" + running.ID, "/v1/queues"} {
				if a := n.Do(http.MethodGet, path, ""); a.Status != http.StatusOK {
					t.Errorf("GET %s on a full disk: %d %s", path, a.Status, a.Body)
				}
			}

			place.free(n)
			for key, body := range again {
				lab.Until(t, "the submit "+key+" is taken", func() bool { return tryKeyed(t, n, log, key, body) })
			}
			record.Settle(t, n)
			n.Kill()
			n = lab.Start(t, "sqlite:"+filepath.Join(place.dir, db))
			record.End(t, n, log, []string{"c"}, checker.Expect{})
			sum := log.Summary()
			t.Logf("%d submits were asked to come again\n%s", len(again), &sum)
		})
	}
}

// untilFull submits until ten submits have found no room, and returns those, by their keys. A log that was moved into the
// file is begun anew, so that there may be room for a while on a disk that has none.
func untilFull(t *testing.T, n *lab.Node, log *checker.Log) map[string]string {
	t.Helper()
	again := map[string]string{}
	for range 1000 {
		key := rand.Text()
		body := fmt.Sprintf(`{"type":"echo","client":"c","input":%q}`, noise(20_000))
		if !tryKeyed(t, n, log, key, body) {
			again[key] = body
		}
		if len(again) == 10 {
			return again
		}
	}
	t.Fatal("the disk is never full")
	return nil
}

// noise is text that no store can make smaller.
func noise(bytes int) string {
	var b strings.Builder
	for b.Len() < bytes {
		b.WriteString(rand.Text())
	}
	return b.String()
}

// tryKeyed submits under a key and reports whether the task was taken. Anything but a 503 that says when to come again
// is a finding.
func tryKeyed(t *testing.T, n *lab.Node, log *checker.Log, key, body string) bool {
	t.Helper()
	s := checker.Submit{Client: "c", Key: key}
	a := n.Do(http.MethodPost, "/v1/tasks", body, "Idempotency-Key: "+key)
	if a.Status == http.StatusAccepted {
		var task lastcall.Task
		a.Decode(n, &task)
		log.Submitted(s, task)
		return true
	}
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if a.Code() != lastcall.CodeStoreUnavailable || err != nil || seconds < 1 || seconds > int(time.Minute/time.Second) {
		t.Fatalf("submit on a full disk: %d %s, Retry-After %q", a.Status, a.Body, a.Header.Get("Retry-After"))
	}
	log.SubmitUnknown(s)
	return false
}
