package sqlite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// migrate brings the file to the newest version, one numbered file of schema/ after the other, each in a transaction
// that also writes the number. There is no way back: a file of a later version is refused.
func migrate(c *sqlite3.Conn) error {
	version, steps, err := knownVersion(c)
	if err != nil {
		return err
	}
	for i, step := range steps[version:] {
		text, err := schemaFiles.ReadFile("schema/" + step.Name())
		if err != nil {
			return err
		}
		if err := migrateStep(c, string(text), version+i+1); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+i+1, err)
		}
	}
	return probe(c, append(slices.Clone(tables), "leases ORDER BY holder"))
}

// checkSchema takes the file as it is, in any version that migrate would bring on but that of a new file.
func checkSchema(c *sqlite3.Conn) error {
	version, _, err := knownVersion(c)
	if err == nil && version == 0 {
		err = errors.New("there is no store in it")
	}
	if err != nil {
		return err
	}
	return probe(c, tables)
}

// knownVersion is the version of the file, and the steps that lead to the newest. One that is beyond them is refused.
func knownVersion(c *sqlite3.Conn) (version int, steps []fs.DirEntry, err error) {
	if version, err = readVersion(c); err != nil {
		return 0, nil, err
	}
	if steps, err = schemaFiles.ReadDir("schema"); err != nil {
		return 0, nil, err
	}
	if version > len(steps) {
		return 0, nil, fmt.Errorf("its schema is version %d and this lastcall knows versions up to %d; "+
			"start the newer lastcall that wrote it", version, len(steps))
	}
	return version, steps, nil
}

// readVersion is the version of the file's schema, 0 of a new file. Databases of other programs are refused.
func readVersion(c *sqlite3.Conn) (int, error) {
	app, err := pragma(c, "application_id")
	if err != nil {
		return 0, err
	}
	version, err := pragma(c, "user_version")
	if err != nil {
		return 0, err
	}
	pages, err := pragma(c, "page_count")
	if err != nil {
		return 0, err
	}
	// A file of one page holds no table: it was just made, or its set-up was cut off before the first commit.
	if app != strconv.Itoa(applicationID) && (app != "0" || version != "0" || (pages != "0" && pages != "1")) {
		return 0, errors.New("it is the database of another program; name a file of its own")
	}
	return strconv.Atoi(version)
}

// migrateStep runs a script and writes the version with it: a process that dies in between leaves the version before.
func migrateStep(c *sqlite3.Conn, script string, version int) error {
	err := c.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
		script, applicationID, version))
	if err != nil && c.InTransaction() {
		return errors.Join(err, c.Exec("ROLLBACK"))
	}
	return err
}

// tables are those of every version, each with the order of its rows.
var tables = []string{
	"tasks ORDER BY id", "task_parts ORDER BY task", "queues ORDER BY name", "idempotency ORDER BY scope",
	"mailboxes ORDER BY id", "events ORDER BY mailbox", "nodes ORDER BY incarnation",
}

// probe reads the first and the last row of each table, so that a file that was cut short or overwritten is refused
// when it is opened and not by the first task that needs what is missing. A full check would read all of it.
func probe(c *sqlite3.Conn, tables []string) error {
	for _, table := range tables {
		for _, order := range []string{" ASC", " DESC"} {
			//nolint:unqueryvet // to read all columns is the point
			if err := c.Exec("SELECT * FROM " + table + order + " LIMIT 1"); err != nil {
				return err
			}
		}
	}
	return nil
}
