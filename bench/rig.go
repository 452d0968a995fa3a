package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"
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
	files   int    // made so far, of those that are made anew each time
}

// openRig makes what the parts need; close ends what was started.
func openRig(o options) (r *rig, err error) {
	r = &rig{options: o}
	if r.dir, err = os.MkdirTemp("", "lastcall-bench-"); err != nil {
		return nil, err
	}
	r.command = filepath.Join(r.dir, "lastcall")
	return r, nil
}

func (r *rig) close() { _ = os.RemoveAll(r.dir) } // temporary files that stay harm nobody

// newFile is the store of a file that is not there yet.
func (r *rig) newFile() string {
	r.files++
	return "sqlite:" + filepath.Join(r.dir, fmt.Sprintf("%d.db", r.files))
}

// measure runs the parts that were asked for. What was measured before one fails is kept.
func measure(ctx context.Context, o options) error {
	debug.SetGCPercent(gcPercent)
	r, err := openRig(o)
	if err != nil {
		return err
	}
	defer r.close()
	if err := buildCommand(ctx, "..", r.command); err != nil {
		return err
	}
	if slices.ContainsFunc(partNames(func(p part) bool { return p.postgres }), r.wants) {
		c, stop, err := openCluster(ctx, o.postgres)
		if err != nil {
			return err
		}
		defer stop()
		r.cluster = c
	}
	for _, p := range parts() {
		if !r.wants(p.name) {
			continue
		}
		if err := r.take(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// take measures a part, says what it found, and keeps it.
func (r *rig) take(ctx context.Context, p part) error {
	began := time.Now()
	file, err := p.measure(ctx, r)
	if err != nil {
		return err
	}
	s, err := p.show(file)
	if err != nil {
		return err
	}
	fmt.Printf("\n## %s\n\n%s\n%s took %s\n\n", s.title, s.text, p.name, time.Since(began).Round(time.Second))
	if r.short {
		return nil
	}
	return os.WriteFile(p.file(dataDir), file, 0o644)
}

func (r *rig) wants(part string) bool { return slices.Contains(r.parts, part) }
