package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// openTimeout bounds the wait for a store that another process is setting up.
const openTimeout = 10 * time.Second

// storeScheme stands before the path of an embedded store.
const storeScheme = "sqlite:"

// checkStore refuses an address that names no store.
func (o Options) checkStore() error {
	if path, ok := strings.CutPrefix(o.Store, storeScheme); !ok || path == "" {
		return fmt.Errorf("store %q: must be sqlite:PATH", o.Store)
	}
	return nil
}

// openStore opens the store that the address names. Committed hears of its commits.
func openStore(ctx context.Context, o *Options, committed func(calls int, took time.Duration)) (lastcall.Store, error) {
	path, _ := strings.CutPrefix(o.Store, storeScheme)
	store, err := sqlite.Open(ctx, path, sqlite.Options{Logger: o.Logger, Committed: committed})
	if err != nil {
		return nil, err // it names the file
	}
	return store, nil
}
