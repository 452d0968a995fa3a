package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

// A task is what the file says of a task type.
type task struct {
	exec   []string
	http   string
	pull   bool
	dir    string
	env    []string
	notify bool
	lastcall.TaskType

	given map[string]place // where each of its fields stands
}

// taskFields is everything that a task type takes, as settings is for the server.
//
//nolint:lll // a table: a row is a line
var taskFields = []field[task]{
	{"exec", "", "runs a command: the input on its stdin, the output on its stdout", words("[command, argument, …]", func(t *task) *[]string { return &t.exec })},
	{"http", "", "posts the task to a URL: the answer is the output", text("URL", func(t *task) *string { return &t.http })},
	{"pull", "", "leaves its tasks to workers outside, who lease them", truth(func(t *task) *bool { return &t.pull })},
	{"queue", "default", "where submits go that name no queue", text("name", func(t *task) *string { return &t.Queue })},
	{"concurrency", "(that of the node)", "runs of the type at a time on a node", count(10_000, func(t *task) *int { return &t.Concurrency })},
	{"timeout", "1h", "of one attempt", span(func(t *task) *time.Duration { return &t.Timeout })},
	{"stop_timeout", "(that of the node)", "what a run has to return in once it is stopped", span(func(t *task) *time.Duration { return &t.StopTimeout })},
	{"max_attempts", "5", "attempts, the first one included", count(lastcall.MaxMaxAttempts, func(t *task) *int { return &t.MaxAttempts })},
	{"backoff.base", "1s", "the wait after the first attempt, at most; it doubles with each", span(func(t *task) *time.Duration { return &t.Backoff.Base })},
	{"backoff.max", "5m", "the longest wait between attempts", span(func(t *task) *time.Duration { return &t.Backoff.Max })},
	{"notify", "false", "exec only: SIGUSR1 is the early word of a drain", truth(func(t *task) *bool { return &t.notify })},
	{"dir", "(the file's folder)", "exec only: where the command runs", text("folder", func(t *task) *string { return &t.dir })},
	{"env", "", "exec only: variables for the command, besides the node's own", pairs("{NAME: value, …}", func(t *task) *[]string { return &t.env })},
}

// words takes a list of text.
func words[T any](takes string, at func(*T) *[]string) kind[T] {
	return kind[T]{takes: takes, node: func(t *T, n *node) error {
		if err := n.needs(list); err != nil {
			return fmt.Errorf("%w; write %s", err, takes)
		}
		for _, item := range n.items {
			if item.shape != scalar {
				return fmt.Errorf("must be a list of text, and has %s on line %d", item.shape, item.at.line)
			}
			*at(t) = append(*at(t), item.text)
		}
		return nil
	}}
}

// pairs takes a mapping from names to text, as NAME=text. A name with nothing behind it is left out, as everywhere.
func pairs[T any](takes string, at func(*T) *[]string) kind[T] {
	return kind[T]{takes: takes, node: func(t *T, n *node) error {
		if err := n.needs(mapping); err != nil {
			return fmt.Errorf("%w; write %s", err, takes)
		}
		for _, e := range n.entries {
			switch {
			case e.key == "" || strings.ContainsAny(e.key, "=\x00"):
				return fmt.Errorf("has the name %q on line %d, which no variable can have", e.key, e.at.line)
			case e.value.shape == scalar:
				*at(t) = append(*at(t), e.key+"="+e.value.text)
			case e.value.shape != null:
				return fmt.Errorf("must give %s one text, not %s", e.key, e.value.shape)
			}
		}
		return nil
	}}
}

// tasks makes the types that the file names. A file in which tasks stands with nothing in it names none, and none is
// what runs.
func (l *loader) tasks(root *node) {
	if root == nil {
		return
	}
	for _, e := range root.entries {
		if e.key != tasksKey {
			continue
		}
		l.Named = true
		if e.value.shape == null {
			return
		}
		if err := e.value.needs(mapping); err != nil {
			l.wrong.addf(e.value.at, "tasks %v; write tasks: {name: {exec: [command]}}", err)
			return
		}
		for _, named := range e.value.entries {
			l.task(named)
		}
	}
}

// task makes one type.
func (l *loader) task(e entry) {
	before := len(l.wrong.list)
	t := task{given: map[string]place{}}
	t.Name = e.key
	name := "tasks." + e.key
	if why := l.Limits.WithDefaults().CheckName(e.key); why != "" {
		l.wrong.addf(e.at, "the name of a task type %s", why)
	}
	if e.value.shape != null {
		if err := e.value.needs(mapping); err != nil {
			l.wrong.addf(e.value.at, "%s %v", name, err)
			return
		}
	}
	walker[task]{fields: taskFields, base: name + ".", wrong: &l.wrong, set: func(f *field[task], n *node) {
		t.given[f.path] = n.at
		set := f.node
		if set == nil {
			set = func(t *task, n *node) error { return f.set(t, n.text) }
		}
		if err := set(&t, n); err != nil {
			l.wrong.addf(n.at, "%s.%s %v", name, f.path, err)
		}
	}}.walk("", e.value)
	t.check(e.at, name, l.Limits.WithDefaults(), &l.wrong)
	if len(l.wrong.list) > before {
		return
	}
	if err := l.build(&t); err != nil {
		l.wrong.addf(t.given[t.way()], "%s: %v", name, err)
		return
	}
	l.Types = append(l.Types, t.TaskType)
	for field, at := range t.given {
		l.from[name+"."+field] = at
	}
}

// way is how the type's tasks are run, "" if nothing says so.
func (t *task) way() string {
	for _, way := range []string{"exec", "http", "pull"} {
		if _, ok := t.given[way]; ok && (way != "pull" || t.pull) {
			return way
		}
	}
	return ""
}

// check holds what the file says of a type against itself: what would have no effect is refused.
func (t *task) check(at place, name string, limits lastcall.Limits, wrong *mistakes) {
	way := t.way()
	if way == "" {
		wrong.addf(at, "%s needs one of exec, http and pull, to say how its tasks are run", name)
		return
	}
	for _, other := range []string{"exec", "http", "pull"} {
		if at, ok := t.given[other]; ok && other != way && (other != "pull" || t.pull) {
			wrong.addf(at, "%s has %s already, and cannot have %s beside it", name, way, other)
		}
	}
	idle := map[string]string{"notify": "exec", "dir": "exec", "env": "exec", "concurrency": "exec http", "stop_timeout": "exec http"}
	for _, f := range taskFields {
		ways, some := idle[f.path]
		if at, ok := t.given[f.path]; ok && some && !strings.Contains(ways, way) {
			wrong.addf(at, "%s.%s has no effect beside %s", name, f.path, way)
		}
	}
	if why := limits.CheckName(t.Queue); t.Queue != "" && why != "" {
		wrong.addf(t.given["queue"], "%s.queue %s", name, why)
	}
	if t.Timeout > lastcall.MaxTimeout {
		wrong.addf(t.given["timeout"], "%s.timeout must be at most %s", name, lastcall.MaxTimeout)
	}
	base, longest := t.Backoff.Base, cmp.Or(t.Backoff.Max, lastcall.DefaultBackoffMax)
	if cmp.Or(base, lastcall.DefaultBackoffBase) > longest {
		at := cmp.Or(t.given["backoff.base"], t.given["backoff.max"])
		wrong.addf(at, "%s.backoff.base %s is longer than its max, %s", name, cmp.Or(base, lastcall.DefaultBackoffBase), longest)
	}
}

// build makes what runs the type.
func (l *loader) build(t *task) error {
	var err error
	switch t.way() {
	case "pull":
		t.Pull = true
	case "exec":
		t.Handler, err = l.command(t)
	case "http":
		t.Handler, err = l.call(t)
	}
	return err
}

// command runs a type's command. The file's folder is where it is at home: its paths begin there.
func (l *loader) command(t *task) (lastcall.Handler, error) {
	if len(t.exec) == 0 {
		return nil, errors.New("exec names no command")
	}
	command := t.exec
	if strings.ContainsRune(command[0], filepath.Separator) {
		command[0] = l.path(command[0])
	}
	return handler.Exec{
		Command: command, Dir: l.path(t.dir), Env: t.env, Notify: t.notify,
		StopTimeout: cmp.Or(t.StopTimeout, l.Drain.StopTimeout), MaxOutput: l.Limits.Output,
	}.Handler()
}

// call posts a type's tasks.
func (l *loader) call(t *task) (lastcall.Handler, error) {
	return handler.HTTP{URL: t.http, Secret: l.SigningSecret, MaxOutput: l.Limits.Output}.Handler()
}

// path is where a path of the file leads.
func (l *loader) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(l.folder, p)
}
