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
	r.exec(`INSERT INTO lastcall.nodes (incarnation, name, version, address, types, lease_until, since, phase_since, seen_at, length, state)
		SELECT 'dead' || n, 'n', '', '', '{}', now(), now() + n * interval '1 second', now(), now(), 1, $1
		FROM generate_series(1, $2) n`, nodeDead, nodesMost)
	nodes, err := r.store.Nodes(t.Context())
	if err != nil || len(nodes) != nodesMost {
		t.Fatalf("%d nodes are listed: %v", len(nodes), err)
	}
	if !slices.ContainsFunc(nodes, func(n lastcall.Node) bool { return n.Incarnation == alive }) {
		t.Error("the one that lives is not listed")
	}
}
