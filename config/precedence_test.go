package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// samples are three values of each setting that differ from each other and from the default: what the file, a variable
// and a flag say. Where a kind of setting has fewer, values repeat, but neighbours differ.
var samples = map[string][3]string{
	"listen":               {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"},
	"store":                {"sqlite:a", "postgres://b/x", "postgresql://u:p@c/x?sslmode=require"},
	"store_file":           {"a", "b", "c"},
	"advertise":            {"10.0.0.1", "b:80", "c.internal"},
	"node":                 {"a", "b", "c"},
	"grace":                {"41s", "42s", "43s"},
	"concurrency":          {"1", "2", "3"},
	"max_connections":      {"1", "2", "3"},
	"auth":                 {"off", "off", "off"}, // the only word there is
	"stop_timeout":         {"1s", "2s", "3s"},
	"max_crashes":          {"1", "2", "4"},
	"signing_secret":       {"whsec_" + strings.Repeat("A", 32), "whsec_" + strings.Repeat("B", 32), "whsec_" + strings.Repeat("C", 32)},
	"signing_secret_file":  {"a", "b", "c"},
	"drain.mode":           {"refuse", "handover", "refuse"},
	"drain.backlog":        {"finish", "leave", "finish"},
	"drain.linger":         {"on", "off", "on"},
	"drain.readiness":      {"early", "late", "early"},
	"drain.hand_back":      {"8s", "9s", "10s"},
	"drain.announce.min":   {"1s", "auto", "2s"},
	"drain.announce.quiet": {"2s", "3s", "4s"},
	"drain.announce.max":   {"10s", "11s", "12s"},
	"drain.handover.rate":  {"1", "2", "3"},
	"store_outlives_pod":   {"true", "false", "true"},
	"retention.tasks":      {"1h", "2h", "3d"},
	"retention.events":     {"1h", "2h", "3d"},
	"limits.body":          {"1", "2KiB", "3MiB"},
	"limits.input":         {"1", "2KiB", "3MiB"},
	"limits.output":        {"1", "2KiB", "3MiB"},
	"limits.checkpoint":    {"1", "2KiB", "3MiB"},
	"limits.name":          {"1", "2", "3"},
	"limits.labels":        {"1", "2", "3"},
	"limits.key":           {"1", "2", "3"},
	"limits.wait":          {"1s", "2s", "3s"},
	"limits.page":          {"1", "2", "3"},
	"limits.batch":         {"1", "2", "3"},
	"limits.batch_body":    {"1", "2KiB", "3MiB"},
	"log.format":           {"text", "json", "text"},
	"log.level":            {"debug", "warn", "error"},
	"debug_listen":         {"127.0.0.1:1", "[::1]:2", "localhost:3"},
	"termination_file":     {"a", "b", "c"},
}

// A flag wins over a variable, a variable over the file, the file over the default, for every setting there is.
func TestAFlagWinsOverAVariableOverTheFileOverTheDefault(t *testing.T) {
	for i := range settings {
		f := &settings[i]
		t.Run(f.path, func(t *testing.T) {
			sample, ok := samples[f.path]
			if !ok {
				t.Fatal("there are no samples of this setting: add some")
			}
			file(t, "lastcall.yaml", nested(f.path, sample[0]))
			withFile := []string{"--config", "lastcall.yaml"}
			variable := map[string]string{f.variable(): sample[1]}
			flag := "--" + f.flag() + "=" + sample[2]

			expect(t, f, f.usual, nil, nil)
			expect(t, f, sample[0], withFile, nil)
			expect(t, f, sample[1], withFile, variable)
			expect(t, f, sample[0], nil, map[string]string{f.variable(): sample[0]})
			expect(t, f, sample[0], withFile, map[string]string{f.variable(): ""}) // an empty variable says nothing
			if f.secret {                                                          // nobody is to be told it by a list of processes
				if command(t).Lookup(f.flag()) != nil {
					t.Errorf("there is a flag for %s", f.path)
				}
				return
			}
			expect(t, f, sample[2], append(withFile, flag), variable)
			expect(t, f, sample[2], []string{flag}, nil)
		})
	}
}

// expect says that a start sets a setting as want says, and every other as usual.
func expect(t *testing.T, f *field[Config], want string, args []string, vars map[string]string) {
	t.Helper()
	var got, expected loader
	if _, err := got.layers(command(t, args...), environment(vars)); err != nil {
		t.Fatal(err)
	}
	if err := got.wrong.err(); err != nil {
		t.Fatal(err)
	}
	if _, err := expected.layers(command(t), environment(nil)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(want, "(") {
		if err := f.set(&expected.Config, want); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []*loader{&got, &expected} {
		l.from, l.written = nil, nil
	}
	if !reflect.DeepEqual(got.Config, expected.Config) {
		t.Errorf("with %v and %v:\n got %+v\nwant %+v", args, vars, got.Config, expected.Config)
	}
}

// nested is a setting as the file has it.
func nested(path, text string) string {
	var b strings.Builder
	names := strings.Split(path, ".")
	for depth, name := range names {
		b.WriteString(strings.Repeat("  ", depth) + name + ":")
		if depth < len(names)-1 {
			b.WriteString("\n")
		}
	}
	return b.String() + " " + text + "\n"
}

// What the table says is the default is the default of those who use it.
func TestTheDefaultsAreThoseOfTheLibrary(t *testing.T) {
	var l loader
	if _, err := l.layers(command(t), environment(nil)); err != nil {
		t.Fatal(err)
	}
	if l.Limits != lastcall.DefaultLimits() {
		t.Errorf("limits %+v", l.Limits)
	}
	if l.MaxCrashes != lastcall.DefaultMaxCrashes || l.Report != drain.TerminationFile {
		t.Errorf("max_crashes %d, termination_file %q", l.MaxCrashes, l.Report)
	}
	plan := drain.Plan{}.WithDefaults()
	if l.Grace != plan.Grace || l.Drain.Mode != plan.Mode ||
		l.Drain.Backlog != plan.Backlog || l.Drain.Handover.Rate != plan.HandoverRate ||
		l.Drain.Announce.Quiet != plan.Announce.Quiet || l.Drain.Announce.Max != plan.Announce.Max {
		t.Errorf("%+v is not %+v", l.Drain, plan)
	}
}

// The flags of old keep their names: scripts and manifests have them.
func TestFlagsKeepTheirNames(t *testing.T) {
	flags := command(t)
	for _, name := range []string{
		"config", "listen", "store", "node", "grace", "concurrency", "auth", "drain-mode", "drain-backlog", "drain-hand-back",
		"stop-timeout", "max-crashes", "retention-tasks", "retention-events", "termination-file", "log-format", "log-level",
	} {
		if flags.Lookup(name) == nil {
			t.Errorf("--%s is gone", name)
		}
	}
}

// A start without a file, flags and variables is one without mistakes.
func TestTheDefaultsAreRight(t *testing.T) {
	c, err := Load(command(t), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Named || c.Types != nil {
		t.Error("it names task types")
	}
}

func TestVariablesThatSetNothingAreFound(t *testing.T) {
	got := UnknownVariables([]string{
		"LASTCALL_GRACE=1s", "LASTCALL_CONFIG=x", "LASTCALL_GRASE=1s", "HOME=/", "LASTCALL_SERVICE_HOST=10.0.0.1",
		"LASTCALL_PORT=tcp://10.0.0.1:80", "LASTCALL_DRAIN_ANNOUNCE_MIN=", "LASTCALL_SERVER=http://127.0.0.1:1",
	}, "LASTCALL_SERVER")
	if !reflect.DeepEqual(got, []string{"LASTCALL_GRASE"}) {
		t.Errorf("found %q", got)
	}
	for name, want := range map[string]string{
		"LASTCALL_GRAEC": "LASTCALL_GRACE", "LASTCALL_DRAIN_MODES": "LASTCALL_DRAIN_MODE", "LASTCALL_WEATHER": "",
	} {
		if got := Meant(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
