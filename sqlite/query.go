package sqlite

import (
	"embed"
	"strings"
)

//go:embed query/*.sql
var queryFiles embed.FS

// queries are the statements of query/*.sql by their names.
var queries = readQueries(queryFiles)

// readQueries cuts the files at their lines "-- name: NAME". They are part of the program, so that a mistake in them
// ends it where it starts.
func readQueries(files embed.FS) map[string]string {
	all := map[string]string{}
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
