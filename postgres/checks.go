package postgres

import (
	"context"
	"fmt"
)

// checks are all of them, in the order in which they are made: what makes others impossible comes first.
var checks = []check{
	{"server version", checkVersion},
}

func checkVersion(ctx context.Context, x *examination) (err error) {
	if x.facts, err = look(ctx, x.conn); err != nil {
		return err
	}
	const why = "lastcall is tested with PostgreSQL 14 and later"
	seen := fmt.Sprintf("PostgreSQL %d", x.facts.version/10000)
	if x.facts.version < minServer {
		x.stop = true
		x.bad("server version", seen, why, "upgrade the server")
		return nil
	}
	x.ok("server version", seen, why)
	return nil
}
