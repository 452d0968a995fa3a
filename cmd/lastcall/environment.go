package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// fromEnvironment sets every flag that was not given from its LASTCALL_* variable; an empty one says nothing. Variables that belong to no flag are
// left alone: Kubernetes injects some of its own beside a Service named lastcall.
func fromEnvironment(flags *pflag.FlagSet) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f)
		value := os.Getenv(name)
		if err != nil || f.Changed || value == "" {
			return
		}
		if bad := flags.Set(f.Name, value); bad != nil {
			err = fmt.Errorf("%s: %w", name, bad)
		}
	})
	return err
}

// variable is the name of a flag's variable.
func variable(f *pflag.Flag) string {
	return "LASTCALL_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// warnOfUnknownVariables names the LASTCALL_* variables that set nothing: a misspelt one would be missed in silence.
func warnOfUnknownVariables(log *slog.Logger, flags *pflag.FlagSet) {
	known := map[string]bool{}
	flags.VisitAll(func(f *pflag.Flag) { known[variable(f)] = true })
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		ours := strings.HasPrefix(name, "LASTCALL_") && !known[name]
		injected := strings.HasPrefix(name, "LASTCALL_SERVICE_") || strings.HasPrefix(name, "LASTCALL_PORT")
		if ours && !injected {
			log.Warn("this variable sets nothing", "name", name)
		}
	}
}

// terminal reports whether w is a terminal that a person looks at.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
