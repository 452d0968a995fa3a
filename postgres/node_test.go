package postgres

import (
	"slices"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// A pod that crashes again and again joins each time. However many of it there were, a node that lives is seen by its
// peers, or they would think themselves alone and drain with nobody to take over (G6).
func TestTheLivingAreListedHoweverManyHaveDied_G6(t *testing.T) {
	r := newRig(t, "many_dead")
	alive := r.join()
	r.exec(`INSERT INTO lastcall.nodes
			(incarnation, lease_until, name, phase_since, version, seen_at, address, since, types, length, state)
		SELECT 'dead' || n, t, 'n', t, '', t, '', t + n * interval '1 second', '{}', 1, $1
		FROM generate_series(1, $2) n, clock_timestamp() t`, nodeDead, lastcall.NodesMost)
	nodes, err := r.store.Nodes(t.Context())
	if err != nil || len(nodes) != lastcall.NodesMost {
		t.Fatalf("%d nodes are listed: %v", len(nodes), err)
	}
	if !slices.ContainsFunc(nodes, func(n lastcall.Node) bool { return n.Incarnation == alive }) {
		t.Error("the one that lives is not listed")
	}
}
