package config

import (
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// What the file says of a type is what is registered.
func TestTasksOfTheFileAreRegistered(t *testing.T) {
	c, err := loadFile(t, `
tasks:
  thumbnail: {exec: [cat, -], concurrency: 4, timeout: 5m, stop_timeout: 3s, notify: true, dir: ., env: {SIZE: 12, EMPTY: ""}}
  invoice:   {http: "http://127.0.0.1:9000/run", max_attempts: 8, backoff: {base: 2s, max: 1m}}
  report:
    pull: true
    queue: slow
`)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Named || len(c.Types) != 3 {
		t.Fatalf("%d types", len(c.Types))
	}
	for i, runs := range []bool{true, true, false} {
		if (c.Types[i].Handler != nil) != runs {
			t.Errorf("%s: handler %v", c.Types[i].Name, c.Types[i].Handler)
		}
		c.Types[i].Handler = nil
	}
	want := []lastcall.TaskType{
		{Name: "thumbnail", Concurrency: 4, Timeout: 5 * time.Minute, StopTimeout: 3 * time.Second},
		{Name: "invoice", MaxAttempts: 8, Backoff: lastcall.Backoff{Base: 2 * time.Second, Max: time.Minute}},
		{Name: "report", Pull: true, Queue: "slow"},
	}
	if !reflect.DeepEqual(c.Types, want) {
		t.Errorf("%+v", c.Types)
	}
}

// Settings for several types are written once.
func TestTypesMayShareSettings(t *testing.T) {
	c, err := loadFile(t, `
tasks:
  a: &common {exec: [cat], timeout: 5m, backoff: {base: 3s}}
  b: {<<: *common, timeout: 6m}
  c: {timeout: 7m, <<: *common}
  d: *common
`)
	if err != nil {
		t.Fatal(err)
	}
	for i, timeout := range []time.Duration{5 * time.Minute, 6 * time.Minute, 7 * time.Minute, 5 * time.Minute} {
		if got := c.Types[i]; got.Timeout != timeout || got.Backoff.Base != 3*time.Second {
			t.Errorf("%s: timeout %v, backoff %+v", got.Name, got.Timeout, got.Backoff)
		}
	}
}

// A command with a slash in it, and the folder it runs in, begin in the folder of the file, not where the node was
// started.
func TestCommandsAreFoundBesideTheFile(t *testing.T) {
	file(t, "lastcall.yaml", "tasks: {a: {exec: [./a.sh]}, b: {exec: [bin/b], dir: bin}, c: {exec: [sh, -c, ./a.sh]}}\n")
	if err := os.Mkdir("bin", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.sh", "bin/b"} {
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir("bin")
	if c, err := Load(command(t, "--config=../lastcall.yaml"), environment(nil)); err != nil || len(c.Types) != 3 {
		t.Error(err)
	}
}

// A file without tasks leaves those to be tried; one with tasks and none in it runs nothing.
func TestNoTasksAndTasksThatAreNoneAreNotTheSame(t *testing.T) {
	for content, named := range map[string]bool{"grace: 40s\n": false, "tasks:\n": true, "tasks: {}\n": true} {
		c, err := loadFile(t, content)
		if err != nil || c.Named != named || len(c.Types) != 0 {
			t.Errorf("%q: named %v, %v", content, c != nil && c.Named, err)
		}
	}
}

// G10: every mistake in a type is named by its type, its setting and its place.
func TestMistakesInTasksAreToldWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"no mapping":        {"tasks: [a]\n", "f:1:8: tasks must be a mapping, not a list; write tasks: {name: {exec: [command]}}"},
		"a word":            {"tasks: {a: cat}\n", "f:1:12: tasks.a must be a mapping, not a single value"},
		"nothing":           {"tasks:\n  a:\n", "f:2:3: tasks.a needs one of exec, http and pull, to say how its tasks are run"},
		"pull is false":     {"tasks: {a: {pull: false}}\n", "f:1:9: tasks.a needs one of exec, http and pull, to say how its tasks are run"},
		"two ways":          {"tasks:\n  a: {exec: [cat], pull: true}\n", "f:2:26: tasks.a has exec already, and cannot have pull beside it"},
		"twice":             {"tasks:\n  a: {pull: true}\n  a: {pull: true}\n", "f:3:3: a was given before, on line 2"},
		"an unknown key":    {"tasks: {a: {pull: true, timout: 5m}}\n", "f:1:25: there is no setting tasks.a.timout; did you mean tasks.a.timeout?"},
		"a wrong time":      {"tasks: {a: {pull: true, timeout: 5}}\n", "f:1:34: tasks.a.timeout 5 has no unit; write 5s, 5m or 5h"},
		"a long time":       {"tasks: {a: {pull: true, timeout: 31d}}\n", "f:1:34: tasks.a.timeout must be at most 720h0m0s"},
		"too many attempts": {"tasks: {a: {pull: true, max_attempts: 1001}}\n", "f:1:39: tasks.a.max_attempts must be from 1 to 1000, not 1001"},
		"backoff":           {"tasks: {a: {pull: true, backoff: {base: 10m}}}\n", "f:1:41: tasks.a.backoff.base 10m0s is longer than its max, 5m0s"},
		"no effect":         {"tasks: {a: {http: 'http://x', notify: true}}\n", "f:1:39: tasks.a.notify has no effect beside http"},
		"no list":           {"tasks: {a: {exec: cat}}\n", "f:1:19: tasks.a.exec must be a list, not a single value; write [command, argument, …]"},
		"an empty list":     {"tasks: {a: {exec: []}}\n", "f:1:19: tasks.a: exec names no command"},
		"no URL": {
			"tasks: {a: {http: 'x'}}\n",
			`f:1:19: tasks.a: http: "x" is no URL of a handler: it must begin with http:// or https:// and a host`,
		},
		"more time to stop than the grace has": {
			"grace: 20s\ntasks:\n  a: {exec: [cat], stop_timeout: 18s}\n",
			`f:1:8: the type "a" asks for a stop_timeout of 18s: drain: margin 1s and hand_back 20s leave nothing of a grace of 20s: ` +
				`raise the grace above 21s, or lower hand_back and stop_timeout (grace is set at f:1:8, tasks.a.stop_timeout is set at f:3:34)`,
		},
		"more time to stop than the usual grace has": {
			"tasks: {a: {exec: [cat], stop_timeout: 40s}}\n",
			`f:1:40: the type "a" asks for a stop_timeout of 40s: drain: margin 1s and hand_back 42s leave nothing of a grace of 30s: ` +
				`raise the grace above 43s, or lower hand_back and stop_timeout`,
		},
		"more time to stop than the node gives": {
			"tasks:\n  a: {exec: [cat], stop_timeout: 6s}\nstop_timeout: 5s\n",
			`f:2:34: the type "a" asks for a stop_timeout of 6s, and the node's, 5s, is all that a drain gives it: raise that, or leave it out ` +
				`(stop_timeout is set at f:3:15, tasks.a.stop_timeout is set at f:2:34)`,
		},
		"env": {
			"tasks: {a: {exec: [cat], env: {A=B: c}}}\n",
			`f:1:32: tasks.a.env has the name "A=B" on line 1, which no variable can have`,
		},
		"a name":  {"tasks: {\"a\\nb\": {pull: true}}\n", "f:1:9: the name of a task type must be printable UTF-8"},
		"a queue": {"tasks: {a: {pull: true, queue: \"\\tb\"}}\n", "f:1:32: tasks.a.queue must be printable UTF-8"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.content, c.want) })
	}
}
