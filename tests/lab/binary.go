package lab

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

const module = "github.com/lastcall-dev/lastcall/"

// programs are the programs under test, each built once for each test process.
var programs struct {
	mu    sync.Mutex
	dir   string
	built map[string]error
}

// Main is for TestMain: it runs the tests, removes what they had built, and fails if they left a goroutine behind.
func Main(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "goroutines were left behind:", err)
		code = 1
	}
	os.Exit(code)
}

// Binary is the path of the lastcall command.
func Binary(t testing.TB) string {
	t.Helper()
	return Build(t, "cmd/lastcall")
}

// Build is the path of a program of this module, named by its package below the module's path. It is built with the
// race detector, as the tests are.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	err, there := programs.built[pkg]
	if !there {
		err = build(pkg)
		if programs.built == nil {
			programs.built = map[string]error{}
		}
		programs.built[pkg] = err
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs.dir, path.Base(pkg))
}

// build builds into the folder of this process. The mutex is held.
func build(pkg string) error {
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "lastcall-lab-")
		if err != nil {
			return fmt.Errorf("make a folder for programs: %w", err)
		}
		programs.dir = dir
	}
	cmd := exec.Command("go", "build", "-race", "-o", filepath.Join(programs.dir, path.Base(pkg)), module+pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
