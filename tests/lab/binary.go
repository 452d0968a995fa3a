package lab

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
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

// Tests are those of a binary, as TestMain gets them.
type Tests interface{ Run() int }

// Main is for TestMain: it runs the tests, removes what they had built, and fails if they left a goroutine behind.
func Main(m Tests) {
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

// SideBySide lets n parallel tests run at a time, unless the command line says how many. By default it is one for each
// processor, and tests that wait for other processes leave those idle.
func SideBySide(n int) { _ = flag.Set("test.parallel", strconv.Itoa(n)) }

// Binary is the path of the lastcall command.
func Binary(t testing.TB) string {
	t.Helper()
	return Build(t, "cmd/lastcall")
}

// Build is the path of a program of this module, named by its package below the module's path. It is built with the
// race detector, as the tests are.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	return built(t, pkg, "", "-race")
}

// BuildPlain is Build without the race detector, for a tool that is not what is tested, and for what is measured.
func BuildPlain(t testing.TB, pkg string) string {
	t.Helper()
	return built(t, pkg, "-plain")
}

// BuildOther is BuildPlain with some files of this module replaced, or added, as overlay says, the file that "go build
// -overlay" reads: another version of the program. Its name keeps it apart from others.
func BuildOther(t testing.TB, pkg, name, overlay string) string {
	t.Helper()
	return built(t, pkg, "-"+name, "-overlay", overlay)
}

// built is the path of a program that was built with those flags, which the suffix of its name stands for.
func built(t testing.TB, pkg, suffix string, flags ...string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	name := path.Base(pkg) + suffix
	err, there := programs.built[name]
	if !there {
		err = build(pkg, name, flags)
		if programs.built == nil {
			programs.built = map[string]error{}
		}
		programs.built[name] = err
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs.dir, name)
}

// build builds into the folder of this process. The mutex is held.
func build(pkg, name string, flags []string) error {
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "lastcall-lab-")
		if err != nil {
			return fmt.Errorf("make a folder for programs: %w", err)
		}
		programs.dir = dir
	}
	args := append([]string{"build", "-o", filepath.Join(programs.dir, name)}, flags...)
	if out, err := exec.CommandContext(context.Background(), "go", append(args, module+pkg)...).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
