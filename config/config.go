package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// Config is all that a server is started with.
type Config struct {
	server.Options

	Log Log
	// SigningSecret signs the calls of http types. It is the content of SigningSecretFile if that is given.
	SigningSecret     string
	SigningSecretFile string
	// StoreFile is the file that Store was read from, if it was.
	StoreFile string
	// DebugListen is where profiles are served, nowhere if it is empty.
	DebugListen string

	// Types are what the file's tasks name, ready to be registered. Named tells a file that names none from a start
	// without tasks, where a server offers types of its own to be tried.
	Types []lastcall.TaskType
	Named bool

	written map[string]string // each setting as it was written where it was last given, or its default
	from    map[string]place  // and where that was
}

// Log says how the log is written.
type Log struct{ Format, Level string }

// loader puts a Config together, layer upon layer.
type loader struct {
	Config
	folder string // of the file; what stands in it is relative to it
	wrong  mistakes
}

// Load reads the settings: the flags that AddFlags made, after they were parsed, the variables, and the file that
// either of them names. Its error is a *MistakesError, or says why the file cannot be read.
func Load(flags *pflag.FlagSet, variable func(name string) string) (*Config, error) {
	var l loader
	root, err := l.layers(flags, variable)
	if err != nil {
		return nil, err
	}
	l.readFiles()
	if len(l.wrong.list) == 0 { // what follows from a mistake is none of its own
		l.fit()
		l.check()
	}
	l.tasks(root)
	if len(l.wrong.list) == 0 {
		l.check(l.Types...)
	}
	if err := l.wrong.err(); err != nil {
		return nil, err
	}
	return &l.Config, nil
}

// layers sets everything from the bottom up: a layer overrules those below it. It returns what the file holds, nil if
// there is none.
func (l *loader) layers(flags *pflag.FlagSet, variable func(string) string) (*node, error) {
	l.from, l.written = map[string]place{}, map[string]string{}
	l.usual()
	root, err := l.read(fileName(flags, variable))
	if err != nil {
		return nil, err
	}
	l.file(root)
	l.variables(variable)
	l.flags(flags)
	return root, nil
}

// usual gives every setting its default.
func (l *loader) usual() {
	for i := range settings {
		if f := &settings[i]; !f.follows() {
			l.set(f, place{}, f.usual)
		}
	}
	clear(l.from) // nobody gave them
}

// set sets one setting from text. A flag and a variable are called by their own name, and need no other place.
func (l *loader) set(f *field[Config], at place, text string) {
	switch err := f.set(&l.Config, text); {
	case err == nil:
		l.from[f.path], l.written[f.path] = at, text
	case at.line == 0:
		l.wrong.addf(place{}, "%s %v", at.source, err)
	default:
		l.wrong.addf(at, "%s %v", f.path, err)
	}
}

// fit refuses an input that was allowed to be longer than the request that brings it.
func (l *loader) fit() {
	at, given := l.from["limits.input"]
	if body := l.written["limits.body"]; given && int64(l.Limits.Input) > l.Limits.Body {
		l.wrong.addf(at, "limits.input %s is more than a request can bring: limits.body is %s", l.written["limits.input"], body)
	}
}

// check holds the settings against each other, and against the types.
func (l *loader) check(types ...lastcall.TaskType) {
	err := l.Check(types...)
	if err == nil {
		return
	}
	all := []error{err}
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		at, hint := l.trace(err)
		l.wrong.addf(at, "%v%s", err, hint)
	}
}

// trace finds where the settings of a mistake were given: the first place, and a hint that names all of them if there
// are several.
func (l *loader) trace(err error) (place, string) {
	about, ok := errors.AsType[interface {
		error
		Settings() []string
	}](err)
	if !ok {
		return place{}, ""
	}
	given := map[string]place{}
	for _, path := range about.Settings() {
		if at, ok := l.from[path]; ok {
			given[path] = at
		}
	}
	hints := []string{}
	for _, path := range slices.Sorted(maps.Keys(given)) {
		hints = append(hints, fmt.Sprintf("%s is set at %s", path, given[path]))
	}
	switch len(given) {
	case 0:
		return place{}, ""
	case 1:
		for _, at := range given {
			return at, ""
		}
	}
	first := slices.MinFunc(slices.Collect(maps.Values(given)), byFile)
	return first, " (" + strings.Join(hints, ", ") + ")"
}
