package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// configFlag names the file. It is no setting: the file cannot name another.
const configFlag = "config"

// AddFlags adds a flag for every setting that is no secret, and --config: what a process was started with is for everybody
// on the host to read. Their values are looked at by Load, so that all that is wrong
// can be told at once.
func AddFlags(flags *pflag.FlagSet) {
	flags.String(configFlag, "", "`file` with settings and task types (lastcall.yaml); none is read unless it is named")
	for i := range settings {
		f := &settings[i]
		if f.secret {
			continue
		}
		about := f.about
		usual := f.usual
		if f.follows() {
			about, usual = about+" "+strings.Replace(f.usual, "(", "(default: ", 1), ""
		}
		v := &given{text: usual, takes: f.takes}
		flag := flags.VarPF(v, f.flag(), "", about)
		if f.takes == trueOrFalse {
			flag.NoOptDefVal, v.takes = "true", "bool" // which the help shows nothing of
		}
	}
}

// given is the text of a flag.
type given struct{ text, takes string }

func (g *given) String() string     { return g.text }
func (g *given) Set(s string) error { g.text = s; return nil }
func (g *given) Type() string       { return g.takes }

// flags sets what flags were given.
func (l *loader) flags(flags *pflag.FlagSet) {
	for i := range settings {
		f := &settings[i]
		if flag := flags.Lookup(f.flag()); flag != nil && flag.Changed {
			l.set(f, place{source: "--" + f.flag()}, flag.Value.String())
		}
	}
}

// variables sets what variables are given. An empty one says nothing.
func (l *loader) variables(variable func(string) string) {
	for i := range settings {
		f := &settings[i]
		if text := variable(f.variable()); text != "" {
			l.set(f, place{source: f.variable()}, text)
		}
	}
}

// fileName is the file that a flag or a variable names, "" if none does.
func fileName(flags *pflag.FlagSet, variable func(string) string) string {
	if flag := flags.Lookup(configFlag); flag != nil && flag.Changed {
		return flag.Value.String()
	}
	return variable(prefix + strings.ToUpper(configFlag))
}

// UnknownVariables picks from an environment (KEY=VALUE) the names that look like settings and are none: a misspelt
// one would be missed in silence. Others are names that mean something to someone else; what Kubernetes injects beside a
// Service named lastcall is not meant either.
func UnknownVariables(environ []string, others ...string) []string {
	known := map[string]bool{prefix + strings.ToUpper(configFlag): true}
	for i := range settings {
		known[settings[i].variable()] = true
	}
	for _, name := range others {
		known[name] = true
	}
	var unknown []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		injected := strings.HasPrefix(name, prefix+"SERVICE_") || strings.HasPrefix(name, prefix+"PORT")
		if strings.HasPrefix(name, prefix) && !known[name] && !injected {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// Meant is a guess at which variable one that sets nothing was to be; empty if there is none.
func Meant(variable string) string {
	best, least := "", 3
	for i := range settings {
		if d := distance(variable, settings[i].variable()); d < least {
			best, least = settings[i].variable(), d
		}
	}
	return best
}
