package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// compared is one part of a comparison of two commits: it measures a command once and returns a value for each of its
// measures.
type compared struct {
	name     string
	measures []measured
	run      func(ctx context.Context, r *rig, command string) ([]float64, error)
}

// measured is what a value is.
type measured struct {
	name, unit string
	less       bool // less of it is better
}

// comparisons are the parts that say something of one command beside another.
var comparisons = []compared{
	{"submits", []measured{
		{"submits at 1 connection", "/s", false},
		{"submits at 64 connections", "/s", false},
		{"submit p99 at 64", "ms", true},
	}, compareSubmits},
	{"latency", []measured{
		{"submit to result p50", "ms", true}, {"submit to result p99", "ms", true},
	}, compareLatency},
	{"rest", []measured{{"no-op tasks over REST", "/s", false}}, compareREST},
	{"idle", []measured{
		{"idle socket, in use", "KiB", true}, {"idle socket, resident", "KiB", true},
	}, compareIdle},
}

func comparedNames() []string {
	var names []string
	for _, c := range comparisons {
		names = append(names, c.name)
	}
	return names
}

// compare holds the work tree, as it is, against a commit: the same parts of both commands in turns, on SQLite.
func compare(ctx context.Context, o options) error {
	r, err := openRig(o)
	if err != nil {
		return err
	}
	defer r.close()
	before := filepath.Join(r.dir, "before")
	if err := r.buildAt(ctx, o.compare, before); err != nil {
		return err
	}
	if err := buildCommand(ctx, "..", r.command); err != nil {
		return err
	}
	var rows []held
	for _, c := range comparisons {
		if !r.wants(c.name) {
			continue
		}
		got, err := r.hold(ctx, c, before, r.command)
		rows = append(rows, got...)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return writeHeld(os.Stdout, o.compare, rows)
}

// buildAt builds the command of a commit, in a checkout that goes again.
func (r *rig) buildAt(ctx context.Context, ref, path string) (err error) {
	tree := filepath.Join(r.dir, "tree")
	git := func(ctx context.Context, args ...string) error {
		if out, err := child(ctx, "git", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := git(ctx, "worktree", "add", "--quiet", "--detach", tree, ref); err != nil {
		return err
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second) // it goes also when we are interrupted
		defer cancel()
		err = firstOf(err, git(after, "worktree", "remove", "--force", tree))
	}()
	return buildCommand(ctx, tree, path)
}

// held is one measure of both commands, round by round.
type held struct {
	measured

	before, after []float64
}

// hold measures a part of both, in turns. Who goes first changes from round to round.
func (r *rig) hold(ctx context.Context, c compared, before, after string) ([]held, error) {
	rows := make([]held, len(c.measures))
	for i, m := range c.measures {
		rows[i].measured = m
	}
	commands := [2]string{before, after}
	for round := range r.rounds {
		var got [2][]float64
		for i := range commands {
			side := (i + round) % 2
			var err error
			if got[side], err = c.run(ctx, r, commands[side]); err != nil {
				// An older command may lack what the part asks of it. It is said which of the two failed.
				return nil, fmt.Errorf("%s: %w", [...]string{"the commit", "the work tree"}[side], err)
			}
		}
		fmt.Printf("%s, round %d: %.2f before, %.2f after\n", c.name, round+1, got[0], got[1])
		for i := range rows {
			rows[i].before, rows[i].after = append(rows[i].before, got[0][i]), append(rows[i].after, got[1][i])
		}
	}
	return rows, nil
}

// ratio is the work tree's as a multiple of the commit's, round by round.
func (h held) ratio() spread {
	return ratios(h.after, h.before, func(v float64) float64 { return v })
}

// verdict is what the rounds allow to say: nothing, where some go one way and some the other, or where there is only one.
func (h held) verdict() string {
	q := h.ratio()
	switch {
	case len(h.before) < 3:
		return "too few rounds to say"
	case !(q.low > 1) && !(q.high < 1): // 0 by 0 is no number, and says nothing either
		return "no difference"
	case (q.mid < 1) == h.less:
		return "better"
	default:
		return "worse"
	}
}

// writeHeld prints what was found.
func writeHeld(to io.Writer, ref string, rows []held) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmeasure\t%s\twork tree\tratio\tlowest to highest\tverdict\n", ref)
	same := func(v float64) float64 { return v }
	for _, h := range rows {
		q := h.ratio()
		fmt.Fprintf(w, "%s\t%.2f %s\t%.2f %s\t%.2f\t%s\t%s\n", h.name, over(h.before, same).mid, h.unit, over(h.after, same).mid, h.unit,
			q.mid, q.span("%.2f"), h.verdict())
	}
	return w.Flush()
}

func compareSubmits(ctx context.Context, r *rig, command string) ([]float64, error) {
	one, err := loadCommand(ctx, r, command, 1)
	if err != nil {
		return nil, err
	}
	many, err := loadCommand(ctx, r, command, 64)
	return []float64{one.perSecond(), many.perSecond(), float64(many.P99) / 1e6}, err
}

func compareLatency(ctx context.Context, r *rig, command string) ([]float64, error) {
	h, err := r.notifiedOn(ctx, command, r.newFile())
	if err != nil {
		return nil, err
	}
	if err := h.wrong(); err != nil {
		return nil, err
	}
	q := quantilesOf(h.Waits[1])
	return []float64{float64(q.P50) / 1e6, float64(q.P99) / 1e6}, nil
}

func compareREST(ctx context.Context, r *rig, command string) ([]float64, error) {
	rate, err := r.restOn(ctx, command, r.newFile())
	return []float64{rate}, err
}

func compareIdle(ctx context.Context, r *rig, command string) ([]float64, error) {
	w, err := r.weigh(ctx, command)
	return []float64{w.inUse(), w.Resident / 1024}, err
}
