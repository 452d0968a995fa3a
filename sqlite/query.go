package sqlite

import (
	"embed"

	"github.com/lastcall-dev/lastcall/column"
)

//go:embed query/*.sql
var queryFiles embed.FS

// queries are the statements of query/*.sql by their names.
var queries = column.Statements(queryFiles, "query")
