package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/lastcall-dev/lastcall/config"
)

// newLogger logs text for people on a terminal and JSON for machines elsewhere.
func newLogger(w io.Writer, how config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[how.Level]}
	if how.Format == "text" || how.Format == "auto" && terminal(w) {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
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
