package postgres

import (
	"embed"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed query/*.sql
var queryFiles embed.FS

// queries are the statements of query/*.sql by their names, as they are written: for a schema named lastcall.
var queries = readQueries(queryFiles)

// texts are statements by their names, for the schema of one store.
type texts map[string]string

// readQueries cuts the files at their lines "-- name: NAME". They are part of the program, so that a mistake in them
// ends it where it starts.
func readQueries(files embed.FS) texts {
	all := texts{}
	entries, err := files.ReadDir("query")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		text, err := files.ReadFile("query/" + e.Name())
		if err != nil {
			panic(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\n-- name: ")[1:] {
			name, sql, _ := strings.Cut(part, "\n")
			if _, twice := all[name]; twice {
				panic("two queries are named " + name)
			}
			all[name] = strings.TrimSpace(sql)
		}
	}
	return all
}

// in are the statements for a schema of that name.
func (t texts) in(schema string) texts {
	all := make(texts, len(t))
	for name, sql := range t {
		all[name] = forSchema(sql, schema)
	}
	return all
}

// forSchema is a statement for another schema than the one it is written for.
func forSchema(sql, schema string) string {
	return strings.ReplaceAll(sql, "lastcall.", pgx.Identifier{schema}.Sanitize()+".")
}
