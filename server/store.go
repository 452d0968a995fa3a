package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// openStore opens the store that the address names.
func openStore(ctx context.Context, o *Options) (lastcall.Store, error) {
	path, ok := strings.CutPrefix(o.Store, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("store %q: must be sqlite:PATH", o.Store)
	}
	store, err := sqlite.Open(ctx, path, sqlite.Options{Logger: o.Logger})
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return store, nil
}
