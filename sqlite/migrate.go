package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Migrate brings the file at path to the newest version of the schema, as Open does, and returns the versions before and
// after. It makes no file where there is none. Ctx bounds the wait for another process that sets the same file up.
func Migrate(ctx context.Context, path string) (from, to int, err error) {
	if from, to, err = migrateFile(ctx, path); err != nil {
		return from, to, fmt.Errorf("migrate store %s: %w", path, err)
	}
	return from, to, nil
}

func migrateFile(ctx context.Context, path string) (from, to int, err error) {
	path, err = checkPath(path)
	if err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return 0, 0, err
	}
	setup, err := lockSetup(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer setup.Close()
	conn, err := openWriter(path)
	if err != nil {
		return 0, 0, explain(err)
	}
	if from, err = readVersion(conn); err == nil {
		err = migrate(conn)
	}
	if err == nil {
		to, err = readVersion(conn)
	}
	return from, to, errors.Join(explain(err), conn.Close())
}
