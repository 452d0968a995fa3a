package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
)

// gcPercent is GOGC of this process, in which both sides insert and work. Thousands of goroutines on a heap of some
// megabytes are looked through many times a second with the default, which is 100: who runs either at its limit sets more.
const gcPercent = 400

// rig is what the parts of a run share.
type rig struct {
	options
	*cluster // nil when no part needs it

	dir     string // for temporary files
	command string // lastcall, as it is released
}

// measure runs the parts that were asked for and returns their sections, those of a run that failed half-way too.
func measure(ctx context.Context, o options) (found []section, err error) {
	debug.SetGCPercent(gcPercent)
	r := &rig{options: o}
	if r.dir, err = os.MkdirTemp("", "lastcall-bench-"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(r.dir) }() // temporary files that stay harm nobody
	r.command = filepath.Join(r.dir, "lastcall")
	if err := buildCommand(ctx, r.command); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(needsPostgres, r.wants) {
		c, stop, err := openCluster(ctx, o.postgres)
		if err != nil {
			return nil, err
		}
		defer stop()
		r.cluster = c
	}
	for _, p := range []struct {
		name string
		run  func(context.Context) (section, error)
	}{
		{"submits", r.submits}, {"work", r.work}, {"latency", r.latency}, {"backlog", r.backlogs}, {"nodes", r.nodes},
	} {
		if !r.wants(p.name) {
			continue
		}
		s, err := p.run(ctx)
		if err != nil {
			return found, fmt.Errorf("%s: %w", p.name, err)
		}
		found = append(found, s)
	}
	return found, nil
}

func (r *rig) wants(part string) bool { return slices.Contains(r.parts, part) }
