package postgres

import (
	"embed"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall/column"
)

//go:embed query/*.sql
var queryFiles embed.FS

// queries are the statements of query/*.sql by their names, as they are written: for a schema named lastcall.
var queries = texts(column.Statements(queryFiles, "query"))

// texts are statements by their names, for the schema of one store.
type texts map[string]string

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
