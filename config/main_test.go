package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command is a command line, parsed.
func command(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

// environment is an environment to look variables up in.
func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// file writes a file called name into a folder of its own, and goes there, as what is told names the file as it was
// given.
func file(t *testing.T, name, content string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// loadFile loads a file called f with the given content, and nothing else.
func loadFile(t *testing.T, content string) (*Config, error) {
	t.Helper()
	file(t, "f", content)
	return Load(command(t, "--config=f"), environment(nil))
}
