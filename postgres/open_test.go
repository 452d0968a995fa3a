package postgres

import (
	"fmt"
	"hash/fnv"
	"log/slog"
	"testing"
)

// openAt opens the store at a URL; the test closes it.
func openAt(tb testing.TB, url string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), url, Options{Logger: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// schemaFor is a schema of its own for each name that a test thinks of.
func schemaFor(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return fmt.Sprintf("s%016x", h.Sum64())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
