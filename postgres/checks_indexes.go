package postgres

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// indexOf finds the indexes that a migration makes, by themselves or with a constraint.
var indexOf = regexp.MustCompile(`CREATE (?:UNIQUE )?INDEX (\w+) ON[^;]+;|CONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE)`)

// checkIndexes holds the indexes that are there against those that the migrations make.
func checkIndexes(ctx context.Context, x *examination) error {
	rows, err := x.conn.Query(ctx, x.sql["doctor_indexes"], x.target.schema)
	if err != nil {
		return err
	}
	valid := map[string]bool{}
	var name string
	var is bool
	_, err = pgx.ForEachRow(rows, []any{&name, &is}, func() error { valid[name] = is; return nil })
	if err != nil {
		return err
	}
	var wrong, do []string
	for _, st := range x.steps {
		for _, m := range indexOf.FindAllStringSubmatch(st.script, -1) {
			index := m[1] + m[2]
			if is, there := valid[index]; !is {
				wrong, do = append(wrong, index), append(do, x.mend(index, m[0], there))
			}
		}
	}
	const why = "without them claims, sweeps and reads look at every row"
	if len(wrong) > 0 {
		x.bad("missing or not valid: "+strings.Join(wrong, ", "), why, strings.Join(do, " "))
		return nil
	}
	x.ok("all there and valid", why)
	return nil
}

// mend is how to get an index back while nodes serve, from what the migration says of it.
func (x *examination) mend(index, made string, there bool) string {
	switch {
	case there:
		return fmt.Sprintf("REINDEX INDEX CONCURRENTLY %s.%s;", quoted(x.target.schema), quoted(index))
	case strings.HasPrefix(made, "CREATE"):
		made = strings.Replace(strings.Join(strings.Fields(made), " "), "INDEX ", "INDEX CONCURRENTLY ", 1)
		return forSchema(made, x.target.schema)
	}
	return "restore from a backup: " + index + " is a table's key;"
}
