package config

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// G10: every mistake in a file is told at once, with its place and a sentence.
func TestEveryMistakeOfAFileIsToldWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"an unknown key": {"lissten: x\n", "f:1:1: there is no setting lissten; did you mean listen?"},
		"a key at the wrong depth": {
			"drain: {stop_timeout: 3s}\n",
			"f:1:9: there is no setting drain.stop_timeout; did you mean stop_timeout?",
		},
		"a key like none":    {"colour: red\n", "f:1:1: there is no setting colour"},
		"task for tasks":     {"task: {}\n", "f:1:1: there is no setting task; did you mean tasks?"},
		"a key given twice":  {"grace: 30s\nnode: a\ngrace: 31s\n", "f:3:1: grace was given before, on line 1"},
		"a number, no unit":  {"grace: 30\n", "f:1:8: grace 30 has no unit; write 30s, 30m or 30h"},
		"a time of zero":     {"grace: 0s\n", "f:1:8: grace must be more than zero, not 0s"},
		"less than no time":  {"grace: -5s\n", "f:1:8: grace must be more than zero, not -5s"},
		"a time out of mind": {"grace: 1000d\n", "f:1:8: grace must be at most 366d, not 1000d"},
		"text for a number":  {"concurrency: many\n", `f:1:14: concurrency "many" is not a whole number`},
		"too many":           {"concurrency: 10001\n", "f:1:14: concurrency must be from 1 to 10000, not 10001"},
		"a size beyond all":  {"limits: {body: 2GiB}\n", "f:1:16: limits.body must be at most 1GiB, not 2GiB"},
		"no size":            {"limits: {body: big}\n", `f:1:16: limits.body "big" is not a size; write bytes, or 64KiB or 1MiB`},
		"another word": {
			"drain:\n  linger: maybe\n", `f:2:11: drain.linger "maybe" is not one of auto, on, off`,
		},
		"a list for one value":    {"grace: [30s]\n", "f:1:8: grace must be a single value, not a list"},
		"one value for a mapping": {"drain: handover\n", "f:1:8: drain must be a mapping, not a single value"},
		"a list for everything":   {"- grace: 30s\n", "f:1:1: a configuration must be a mapping, not a list"},
		"nothing between quotes":  {"node: \"\"\n", "f:1:7: node must not be empty"},
		"what cannot go together": {
			"grace: 6s\nstop_timeout: 2s\ndrain: {announce: {min: 7s}}\n",
			"f:1:8: drain: announce.min 7s does not fit a grace of 6s less margin 1s and hand_back 4s: " +
				"raise the grace to 12s or more (drain.announce.min is set at f:3:25, grace is set at f:1:8, stop_timeout is set at f:2:15)",
		},
		"no address":            {"listen: nonsense\n", `f:1:9: listen must be HOST:PORT, or fd:NAME for a socket of systemd's, not "nonsense"`},
		"a port beyond all":     {"listen: 127.0.0.1:99999\n", `f:1:9: listen must be HOST:PORT with a port from 0 to 65535, not "99999"`},
		"less than a port":      {"listen: 127.0.0.1:-1\n", `f:1:9: listen must be HOST:PORT with a port from 0 to 65535, not "-1"`},
		"a port by name":        {"listen: \"[::1]:http\"\n", `f:1:9: listen must be HOST:PORT with a port from 0 to 65535, not "http"`},
		"no port":               {"listen: \"127.0.0.1:\"\n", `f:1:9: listen must be HOST:PORT with a port from 0 to 65535, not ""`},
		"nowhere to listen":     {"listen: \"\"\n", "f:1:9: listen must not be empty"},
		"profiles for everyone": {"debug_listen: :6060\n", `f:1:15: debug_listen must be a loopback address, such as 127.0.0.1:6060, not ":6060"`},
		"profiles for some": {
			"debug_listen: 10.0.0.1:1\n",
			`f:1:15: debug_listen must be a loopback address, such as 127.0.0.1:6060, not "10.0.0.1:1"`,
		},
		"profiles nowhere":       {"debug_listen: here\n", `f:1:15: debug_listen must be HOST:PORT, not "here"`},
		"another kind of store":  {"store: mysql://u:p@db/x\n", "f:1:8: store must be sqlite:PATH or postgres://USER@HOST/DATABASE"},
		"a store without a path": {"store: \"sqlite:\"\n", "f:1:8: store must be sqlite:PATH or postgres://USER@HOST/DATABASE"},
		"a port to be reached at": {
			"advertise: node-a:http\n", `f:1:12: advertise must be HOST or HOST:PORT with a port from 1 to 65535, not "http"`,
		},
		"every address at once": {
			"advertise: 0.0.0.0\n", "f:1:12: advertise must be an address of this node alone: 0.0.0.0 stands for all there are",
		},
		"an address within reach of others": {
			"listen: 0.0.0.0:0\n",
			"f:1:9: listen 0.0.0.0:0: others than this host could reach it, and no token is configured; " +
				"listen on 127.0.0.1, or set auth to off if that is meant",
		},
		"an authentication that there is not, beside another mistake": {
			"auth: basic\ngrace: 30\n",
			"2 mistakes in the settings\n" +
				"f:1:7: auth \"basic\": the only setting there is, is off\n" +
				"f:2:8: grace 30 has no unit; write 30s, 30m or 30h",
		},
		"an input that no request can bring": {
			"limits: {input: 5MiB, body: 2MiB}\n", "f:1:17: limits.input 5MiB is more than a request can bring: limits.body is 2MiB",
		},
		"three of them": {
			"node: \"\"\ndrain: {mode: no}\ngrase: 1s\n",
			"3 mistakes in the settings\n" +
				"f:1:7: node must not be empty\n" +
				"f:2:15: drain.mode \"no\" is not one of handover, refuse\n" +
				"f:3:1: there is no setting grase; did you mean grace?",
		},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.content, c.want) })
	}
}

// refused says that a file is refused in the wanted words.
func refused(t *testing.T, content, want string) {
	t.Helper()
	_, err := loadFile(t, content)
	if err == nil {
		t.Fatal("it was taken")
	}
	if _, ok := errors.AsType[*MistakesError](err); !ok {
		t.Errorf("it is refused with a %T", err)
	}
	if got := err.Error(); got != want {
		t.Errorf("it says\n%s\nand not\n%s", got, want)
	}
}

// What a flag or a variable overrules is still held to be right: the next start may be without them.
func TestMistakesAreToldOfEveryLayer(t *testing.T) {
	file(t, "x.yaml", "grace: soon\nlisten: nonsense\nstore: mysql://x\n")
	_, err := Load(command(t, "--config=x.yaml", "--grace=40s", "--concurrency=x", "--listen=127.0.0.1:0", "--store=sqlite:x"),
		environment(map[string]string{"LASTCALL_MAX_CRASHES": "-1", "LASTCALL_LISTEN": "127.0.0.1:65536"}))
	for _, want := range []string{
		`x.yaml:1:8: grace "soon" is not a time`, `--concurrency "x" is not a whole number`, "LASTCALL_MAX_CRASHES must be more than zero, not -1",
		"x.yaml:2:9: listen must be HOST:PORT", "x.yaml:3:8: store must be sqlite:PATH", "LASTCALL_LISTEN must be HOST:PORT with a port",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

// Settings that do not fit each other are traced to where they were given, wherever that was.
func TestWhatDoesNotFitIsTracedToAFlag(t *testing.T) {
	_, err := Load(command(t, "--grace=5s"), environment(nil))
	if err == nil || !strings.HasPrefix(err.Error(), "--grace: drain: ") || !strings.Contains(err.Error(), "raise the grace above 8s") {
		t.Errorf("it says %v", err)
	}
}

// A file that was named has to be there; one that was not is not read, also when it is there.
func TestAFileIsReadOnlyIfItIsNamed(t *testing.T) {
	file(t, "lastcall.yaml", "node: from-the-file\n")
	c, err := Load(command(t), environment(nil))
	if err != nil || c.Node != "" {
		t.Errorf("it was read: %+v, %v", c, err)
	}
	c, err = Load(command(t), environment(map[string]string{"LASTCALL_CONFIG": "lastcall.yaml"}))
	if err != nil || c.Node != "from-the-file" {
		t.Errorf("it was not read: %+v, %v", c, err)
	}
	if _, err := Load(command(t, "--config=other.yaml"), environment(nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A secret is never told, whatever is wrong with it.
func TestASecretIsNeverTold(t *testing.T) {
	for name, content := range map[string]string{
		"no prefix":  "signing_secret: hunter2hunter2\n",
		"too short":  "signing_secret: whsec_hunter2h\n",
		"no base64":  "signing_secret: whsec_hunter2!\n",
		"in a list":  "signing_secret: [hunter2]\n",
		"given also": "signing_secret: whsec_hunter2hunter2hunter2hunter2hunt\nsigning_secret_file: x\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadFile(t, content)
			if err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// The password of a database is told by nothing: not by a mistake in its address, nor by the settings in force, wherever
// the address comes from.
func TestThePasswordOfAStoreIsNeverTold(t *testing.T) {
	for name, content := range map[string]string{
		"no URL":     "store: postgres://u:hunter%zz@db/x\n",
		"no store":   "store: mysql://u:hunter2@db/x\n",
		"given also": "store: postgres://u:hunter2@db/x\nstore_file: x\n",
		"elsewhere":  "store: postgres://u:hunter2@db/x\ngrace: 1s\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadFile(t, content)
			if err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("it says %v", err)
			}
		})
	}
	file(t, "with.yaml", "store: postgres://u:hunter2@db:5432/x?sslpassword=hunter2\n")
	c, err := Load(command(t, "--config=with.yaml"), environment(nil))
	if err != nil || c.Store != "postgres://u:hunter2@db:5432/x?sslpassword=hunter2" {
		t.Fatalf("%q, %v", c.Store, err)
	}
	wantPrinted(t, c, "# store: postgres://db:5432/x, from with.yaml:1:8\n", "hunter2")
}

// A store may be named in a file of its own, as a mounted secret is.
func TestAStoreMayBeNamedInAFile(t *testing.T) {
	file(t, "secret", "postgres://u:hunter2@db/x\n")
	c, err := Load(command(t, "--store-file=secret"), environment(nil))
	if err != nil || c.Store != "postgres://u:hunter2@db/x" {
		t.Fatalf("%v", err)
	}
	wantPrinted(t, c, "# store: postgres://db/x, from store_file\n", "hunter2")
	wantPrinted(t, c, "store_file: secret                   # --store-file\n", "hunter2")
	if store, err := ReadStore("secret"); err != nil || store != c.Store {
		t.Errorf("%q, %v", store, err)
	}
	if err := os.WriteFile("secret", []byte("sqlite:a.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = Load(command(t, "--store-file=secret"), environment(nil)); err != nil {
		t.Fatal(err)
	}
	wantPrinted(t, c, "# store: sqlite:a.db, from store_file\n", "hunter2") // what is printed can be loaded: it stands in one place

	if err := os.WriteFile("secret", []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(command(t, "--store-file=secret"), environment(nil))
	want := "--store-file: the content of store_file must be sqlite:PATH or postgres://USER@HOST/DATABASE"
	if err == nil || err.Error() != want {
		t.Errorf("it says %v, want %s", err, want)
	}
	_, err = ReadStore("secret")
	if err == nil || strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), "the content of secret must be") {
		t.Errorf("it says %v", err)
	}
}

// wantPrinted says that a line is among the settings in force as they are printed, and a word is not.
func wantPrinted(t *testing.T, c *Config, line, never string) {
	t.Helper()
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	if printed := b.String(); !strings.Contains(printed, line) || strings.Contains(printed, never) {
		t.Errorf("%q is not in, or %q is in\n%s", line, never, printed)
	}
}

// The secret's file is found beside the configuration that names it, and may end with a new line.
func TestASecretMayBeInAFile(t *testing.T) {
	secret := "whsec_" + strings.Repeat("A", 32)
	file(t, "lastcall.yaml", "signing_secret_file: secret\n")
	if err := os.WriteFile("secret", []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("elsewhere", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir("elsewhere")
	c, err := Load(command(t, "--config=../lastcall.yaml"), environment(nil))
	if err != nil || c.SigningSecret != secret {
		t.Errorf("%v", err)
	}
	if _, err := Load(command(t, "--signing-secret-file=secret"), environment(nil)); err == nil {
		t.Error("the path of a flag begins in the working directory, and there is nothing there")
	}
	if err := os.WriteFile("../secret", []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(command(t, "--config=../lastcall.yaml"), environment(nil))
	want := "yaml:1:22: the content of signing_secret_file must be"
	if err == nil || strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), want) {
		t.Errorf("a file with something else in it: %v", err)
	}
}
