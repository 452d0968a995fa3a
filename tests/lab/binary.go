package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary is the program under test, built once for each test process.
var binary struct {
	once sync.Once
	path string
	err  error
}

// Main is for TestMain: it runs the tests and removes what Binary built.
func Main(m *testing.M) {
	code := m.Run()
	if binary.path != "" {
		_ = os.RemoveAll(filepath.Dir(binary.path))
	}
	os.Exit(code)
}

// Binary is the path of the lastcall command. It is built with the race detector, as the tests are.
func Binary(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		dir, err := os.MkdirTemp("", "lastcall-lab-")
		if err != nil {
			binary.err = err
			return
		}
		binary.path = filepath.Join(dir, "lastcall")
		build := exec.Command("go", "build", "-race", "-o", binary.path, "github.com/lastcall-dev/lastcall/cmd/lastcall")
		if out, err := build.CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("build the command: %w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}
