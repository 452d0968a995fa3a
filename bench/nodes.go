package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
)

// crews is one node against three on the same PostgreSQL.
type crews struct {
	Tasks int     `json:"tasks"`
	One   []rates `json:"one"`
	Three []rates `json:"three"`
}

// nodes works the same load with one node and with three.
func (r *rig) nodes(ctx context.Context) (crews, error) {
	c := crews{Tasks: r.bout.tasks}
	for round := range r.rounds {
		sides := []*[]rates{&c.One, &c.Three}
		for i := range sides {
			n := (i + round) % 2
			got, err := r.fight(ctx, r.bout, nodesOpener(1+2*n))
			if err != nil {
				return c, fmt.Errorf("%d of them: %w", 1+2*n, err)
			}
			*sides[n] = append(*sides[n], got)
		}
		one, three := c.One[round], c.Three[round]
		fmt.Printf("nodes, round %d: work %6.0f/s by one, %6.0f/s by three; both %6.0f/s, %6.0f/s\n", round+1,
			one.Work.PerSecond, three.Work.PerSecond, one.Both.PerSecond, three.Both.PerSecond)
	}
	return c, nil
}

// nodesOpener opens lastcall with so many nodes, each with a store, and a share of the slots, of its own.
func nodesOpener(nodes int) func(context.Context, string) (side, error) {
	return func(ctx context.Context, url string) (side, error) {
		var stores []lastcall.Store
		for range nodes {
			store, err := postgres.Open(ctx, url, postgres.Options{Logger: quiet()})
			if err != nil {
				return nil, firstOf(err, openOurs(1, 1, stores...).close())
			}
			stores = append(stores, store)
		}
		return openOurs(500, oursWorkers/nodes, stores...), nil
	}
}

// showNodes is the section of one node against three.
func showNodes(m machine, c crews) section {
	var s strings.Builder
	fmt.Fprintf(&s, `The same %d tasks of 500 clients, worked off by one node and by three on the same PostgreSQL. The nodes share the CPUs with each
other and with the server, in one process, each with connections of its own, and with a third of the slots each: so three cannot be faster than
one, and what they lose is what they stand in each other's way.

This run: %s.

| phase | tasks/s, one node | tasks/s, three | ratio, median | lowest to highest | CPU/task, one | CPU/task, three | three to one |
|---|---:|---:|---:|---|---:|---:|---:|
`, c.Tasks, m)
	for _, p := range phases {
		q := ratios(c.Three, c.One, p.of)
		fmt.Fprintf(&s, "| %s | %.0f | %.0f | **%.2f** | %s | %s |\n", p.name, over(c.One, p.of).mid, over(c.Three, p.of).mid, q.mid,
			q.span("%.2f"), costs(p.in(c.One), p.in(c.Three)))
	}
	return section{"One node against three", s.String()}
}
