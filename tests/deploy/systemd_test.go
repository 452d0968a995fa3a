package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall/config"
)

const units = "../../deploy/systemd"

// unit is what a unit sets, each by its name; of what is given more than once, all.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(units, name))
	if err != nil {
		t.Fatal(err)
	}
	set := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^(\w+)=(.*)$`).FindAllStringSubmatch(string(content), -1) {
		set[line[1]] = append(set[line[1]], line[2])
	}
	return set
}

// systemd takes the units as they are, without a word of warning, and finds little that the process could do to the host.
func TestSystemdTakesTheUnits(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"lastcall.service", "lastcall.socket"} {
		content, err := os.ReadFile(filepath.Join(units, name))
		if err != nil {
			t.Fatal(err)
		}
		// The program need not be installed where the tests run.
		text := strings.ReplaceAll(string(content), "ExecStart=/usr/local/bin/lastcall ", "ExecStart=/bin/true ")
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(paths[len(paths)-1], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		append([]string{"verify", "--man=no"}, paths...),
		{"security", "--offline=true", "--no-pager", "--threshold=15", paths[0]}, // of 100: 1.5
	} {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, dir) || strings.Contains(line, "Unknown key") {
				t.Errorf("systemd-analyze %s: %s", args[0], line)
			}
		}
	}
}

// G8: the service starts with settings that serve takes; a drain that asks for time is not cut off, one that does not is;
// and mistakes of the settings are not tried again.
func TestTheNumbersOfTheUnitsFitTheServer(t *testing.T) {
	s, socket := unit(t, "lastcall.service"), unit(t, "lastcall.socket")
	env := map[string]string{}
	for _, kv := range s["Environment"] {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	if unknown := config.UnknownVariables(pairs(env)); len(unknown) > 0 {
		t.Errorf("%v set nothing", unknown)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	settings, err := config.Load(flags, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(strings.TrimPrefix(settings.Store, "sqlite:"))
	if folder != "/var/lib/"+s["StateDirectory"][0] || folder != s["WorkingDirectory"][0] {
		t.Errorf("the store is in %s, and what is kept and may be written is %s", folder, s["StateDirectory"][0])
	}
	if settings.Listen != "" {
		t.Errorf("it listens at %s, and has a socket", settings.Listen)
	}
	// The server asks for 10 s each second, and the store may be brought to a new version for 10 minutes.
	stop, start, dog := seconds(t, s["TimeoutStopSec"]), seconds(t, s["TimeoutStartSec"]), seconds(t, s["WatchdogSec"])
	if stop <= 10*time.Second || stop >= settings.Grace {
		t.Errorf("TimeoutStopSec is %v, of a grace of %v", stop, settings.Grace)
	}
	if start < 10*time.Minute+20*time.Second || dog < 30*time.Second {
		t.Errorf("TimeoutStartSec is %v, WatchdogSec %v", start, dog)
	}
	for name, want := range map[string]string{
		"Type": "notify", "NotifyAccess": "main", "KillMode": "mixed", "Restart": "on-failure", "RestartPreventExitStatus": "2",
		"Requires": "lastcall.socket",
	} {
		if got := s[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	if !strings.HasPrefix(socket["ListenStream"][0], "127.0.0.1:") || len(socket["ListenStream"]) != 1 || socket["Accept"] != nil {
		t.Errorf("the socket is %v", socket)
	}
}

// seconds reads a time as systemd writes it, where Go does so too.
func seconds(t *testing.T, values []string) time.Duration {
	t.Helper()
	if len(values) != 1 {
		t.Fatalf("a time is given as %v", values)
	}
	d, err := time.ParseDuration(strings.ReplaceAll(values[0], "min", "m"))
	if err != nil {
		t.Fatal(fmt.Errorf("a time of the unit: %w", err))
	}
	return d
}
