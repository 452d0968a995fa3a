package postgres

import (
	"context"
	"fmt"
)

// checkConnections adds up what the nodes that are there may open, and holds it against each limit that there is.
func checkConnections(ctx context.Context, x *examination) error {
	const why = "a node that gets no connection answers 503"
	if x.facts.pooled {
		x.ok("the pooler's matter", why)
		return nil
	}
	var server, others, database, role, nodes int
	name := x.target.pool.ConnConfig.RuntimeParams["application_name"]
	if err := x.conn.QueryRow(ctx, x.sql["doctor_connections"], name).Scan(&server, &others, &database, &role); err != nil {
		return err
	}
	if !x.bare {
		if err := x.conn.QueryRow(ctx, x.sql["doctor_nodes"]).Scan(&nodes); err != nil {
			return err
		}
	}
	// In a roll-out there is one node more.
	need := (int(x.target.pool.MaxConns) + 1) * (nodes + 1) // one of each node's is the listener's
	seen := fmt.Sprintf("%d nodes, and one more in a roll-out, open up to %d", nodes, need)
	const less = " or set a lower pool_max_conns in the store's address"
	switch {
	case role >= 0 && need > role:
		x.warn(fmt.Sprintf("%s of %d that the role may", seen, role), why,
			fmt.Sprintf("ALTER ROLE %s CONNECTION LIMIT %d;%s", quoted(x.who.session), need, less))
	case database >= 0 && need > database:
		x.warn(fmt.Sprintf("%s of %d that the database lets in", seen, database), why,
			fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d;%s", quoted(x.who.database), need, less))
	case need+others > server:
		x.warn(fmt.Sprintf("%s of %d, of which others have %d now", seen, server, others), why,
			fmt.Sprintf("raise max_connections, which takes a restart of the server,%s", less))
	default:
		x.ok(fmt.Sprintf("%s of %d, of which others have %d now", seen, server, others), why)
	}
	return nil
}
