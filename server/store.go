package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/sqlite"
)

const (
	// openTimeout bounds the wait for a store that another process is setting up, or that does not answer yet.
	openTimeout = 10 * time.Second
	// askEvery is between two tries to reach a database that is away.
	askEvery = 500 * time.Millisecond
	// bringTimeout bounds what a database that is reached may take to be brought to this program's schema, or for another
	// node to do so: it has been in use, and may be large.
	bringTimeout = 10 * time.Minute
)

// sqliteScheme stands before the path of an embedded store.
const sqliteScheme = "sqlite:"

// OnPostgres reports whether an address is that of a database which nodes on many hosts can share.
func OnPostgres(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

// CheckStore says why an address can be none of a store; the sentence goes on where the setting's name ends. It does not
// repeat the address, which may hold a password.
func CheckStore(address string) error {
	if OnPostgres(address) {
		if err, wrong := errors.AsType[*postgres.AddressError](postgres.CheckURL(address)); wrong {
			return errors.New(err.Wrong)
		}
		return nil
	}
	switch path, ok := strings.CutPrefix(address, sqliteScheme); {
	case ok && path != "":
		return nil
	case !ok && !strings.Contains(address, ":") && strings.HasSuffix(address, ".db"): // a file, and nothing that could hold a password
		return fmt.Errorf("must be sqlite:PATH or postgres://USER@HOST/DATABASE: write %s%s", sqliteScheme, address)
	}
	return errors.New("must be sqlite:PATH or postgres://USER@HOST/DATABASE")
}

// StoreName is a store's address as anybody may read it: that of a database keeps where it is and what it is called, and
// nothing else, as a password can stand in more than one place of a URL. Logs and messages have no other form of it.
func StoreName(address string) string {
	if !OnPostgres(address) {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Path, "@") { // the path holds the rest of a password that is not encoded
		return "postgres://"
	}
	told := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	kept := u.Query()
	for name := range kept {
		if !slices.Contains([]string{"host", "port", "dbname", "schema"}, name) {
			kept.Del(name)
		}
	}
	told.RawQuery = kept.Encode()
	return told.String()
}

func (o Options) checkStore() error {
	if err := CheckStore(o.Store); err != nil {
		return fmt.Errorf("store %w", err)
	}
	return nil
}

// ErrStopped is New's error when a signal came while the store was waited for: there is nothing to drain yet.
var ErrStopped = errors.New("told to stop before the store was open")

// openUnlessStopped is openStore until a signal comes. Where Options name no channel for signals, they are the process's
// own and end it.
func openUnlessStopped(ctx context.Context, o *Options, committed func(calls int, took time.Duration)) (lastcall.Store, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	opened, heard := make(chan struct{}), make(chan struct{})
	go func() { // ends with the opening, and is waited for
		defer close(heard)
		select {
		case <-o.Signals:
			cancel(ErrStopped)
		case <-opened:
		}
	}()
	store, err := openStore(ctx, o, committed)
	close(opened)
	<-heard
	defer cancel(nil)
	if context.Cause(ctx) == nil {
		return store, err
	}
	if err == nil {
		err = store.Close()
		return nil, errors.Join(ErrStopped, err)
	}
	return nil, ErrStopped
}

// openStore opens the store that the address names. Committed hears of its commits.
func openStore(ctx context.Context, o *Options, committed func(calls int, took time.Duration)) (lastcall.Store, error) {
	path, embedded := strings.CutPrefix(o.Store, sqliteScheme)
	if !embedded {
		return openDatabase(ctx, o, committed)
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	store, err := sqlite.Open(ctx, path, sqlite.Options{Logger: o.Logger, Committed: committed})
	if err != nil {
		return nil, err // it names the file
	}
	return store, nil
}

// openDatabase opens a store that other hosts share. One that is away is asked again for a while: a whole site may be
// starting, or the database moving to its standby. What asking again would not change is told at once.
func openDatabase(ctx context.Context, o *Options, committed func(calls int, took time.Duration)) (lastcall.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, bringTimeout)
	defer cancel()
	giveUp := time.Now().Add(openTimeout)
	for told := false; ; told = true {
		store, err := postgres.Open(ctx, o.Store, postgres.Options{Logger: o.Logger, Committed: committed})
		if err == nil {
			return store, nil
		}
		if lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable || time.Now().Add(askEvery).After(giveUp) {
			return nil, err // it names the database
		}
		if !told {
			o.Logger.Warn("the store does not answer; trying again", "within", openTimeout.String(), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(askEvery):
		}
	}
}
