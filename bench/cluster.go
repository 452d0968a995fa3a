package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// cluster is the PostgreSQL server that both sides work on, each on databases of its own.
type cluster struct {
	url     string // of the database postgres, as a superuser
	version string
	pid     int // of the server, if it is ours
	made    int
}

// settings are what the server runs with beside its defaults: memory for a small machine, and no checkpoint in the middle
// of a round. Commits are durable: fsync, full_page_writes and synchronous_commit are on.
var settings = map[string]string{
	"shared_buffers":     "1GB",
	"max_wal_size":       "8GB",
	"checkpoint_timeout": "30min",
	"max_connections":    "200",
}

// fresh makes an empty database.
func (c *cluster) fresh(ctx context.Context) (database, error) {
	c.made++
	name := fmt.Sprintf("bench_%d", c.made)
	err := c.exec(ctx, c.url, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "CREATE DATABASE "+name)
	if err != nil {
		return database{}, fmt.Errorf("make a database: %w", err)
	}
	u, err := url.Parse(c.url)
	if err != nil {
		return database{}, err
	}
	u.Path = "/" + name
	return database{cluster: c, name: name, url: u.String()}, nil
}

// exec runs statements over a connection of its own.
func (c *cluster) exec(ctx context.Context, at string, statements ...string) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// database is one side's for one round.
type database struct {
	*cluster

	name string
	url  string
}

// calm is that of server.
func (d database) calm(ctx context.Context) error {
	return d.cluster.exec(ctx, d.url, "VACUUM (ANALYZE)", "CHECKPOINT")
}

// drop removes it.
func (d database) drop(ctx context.Context) error {
	return d.cluster.exec(ctx, d.cluster.url, "DROP DATABASE "+d.name+" WITH (FORCE)")
}

// settingsText names what the server runs with.
func settingsText() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		words = append(words, "`"+name+"="+settings[name]+"`")
	}
	return "server with " + strings.Join(words, ", ") + ", else as it comes"
}
