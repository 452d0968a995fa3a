// Package script_test plays the scripts in testdata with the real command: each is a session of someone at a terminal.
package script_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) { lab.Main(m) }

// TestScripts plays every script. Its name says what it shows.
func TestScripts(t *testing.T) {
	bin := filepath.Dir(lab.Binary(t))
	database := pg.Start(t, pg.Password("hunter2")).Create(t, "script")
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("BIN", bin)
			env.Setenv("DATABASE", database)          // of one script alone
			env.Setenv("GORACE", "atexit_sleep_ms=0") // commands are short, and the detector's second at their end is not
			nodes(env)
			return nil
		},
		Cmds:                commands,
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(2 * time.Minute), // a command that hangs is ended, and fails its script
	})
}
