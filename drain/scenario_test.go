package drain

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what scenarios came to into their files")

// TestScenarios plays the files in testdata/scenarios. Each is a story of one
// drain, to be read as such: the lines beginning with "at" say what happens,
// the indented ones below what the drain made of it, every turn of it and
// nothing else. testdata/scenarios/README.md has the words.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) { playFile(t, file) })
	}
}

func playFile(t *testing.T, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := play(string(want))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s", file, got)
	}
}

// play returns the story with what really happened in the place of what was expected.
func play(story string) (string, error) {
	var out strings.Builder
	sim := simulate(Plan{}.WithDefaults())
	for i, line := range strings.Split(strings.TrimSuffix(story, "\n"), "\n") {
		if strings.HasPrefix(line, "    ") {
			continue // what was expected
		}
		moment, err := sim.play(line)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", i+1, err)
		}
		out.WriteString(moment.before + line + "\n" + moment.after)
	}
	if sim.broken != nil {
		return "", fmt.Errorf("%w\n%s", sim.broken, out.String())
	}
	return out.String(), nil
}

// moment is what happened on the way to a line, and because of it.
type moment struct{ before, after string }

func (s *simulation) play(line string) (moment, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "plan":
		plan, err := parsePlan(rest)
		*s = *simulate(plan)
		return moment{}, err
	case "at":
		return s.playAt(strings.TrimSpace(rest))
	case "end":
		s.until(s.now.Add(time.Hour))
		return moment{before: s.recorded()}, nil
	case "", "#":
		return moment{}, nil
	default:
		return moment{}, fmt.Errorf("a line begins with plan, at, end, # or four spaces, not %q", word)
	}
}

func (s *simulation) playAt(rest string) (moment, error) {
	when, events, _ := strings.Cut(rest, " ")
	after, err := time.ParseDuration(when)
	if err != nil {
		return moment{}, err
	}
	s.until(s.start.Add(after))
	before := s.recorded()
	for event := range strings.SplitSeq(events, ",") {
		if err := s.happen(strings.Fields(event)); err != nil {
			return moment{}, err
		}
	}
	s.settle()
	return moment{before: before, after: s.recorded()}, nil
}

// happen changes one fact.
func (s *simulation) happen(event []string) error {
	what, arg := event[0], strings.Join(event[1:], " ")
	counts := map[string]*int{
		"busy": &s.look.Busy, "backlog": &s.look.Backlog, "unserved": &s.look.Unserved,
		"clients": &s.look.Clients, "declines": &s.declines, "unanswered": &s.unanswered,
	}
	switch {
	case counts[what] != nil:
		n, err := strconv.Atoi(arg)
		*counts[what] = n
		return err
	case what == "signal" || what == "start":
		s.hear(arg)
	case what == "peer":
		s.look.Peer, s.look.Coming = arg == "ready", arg == "coming"
	case what == "request":
		s.look.LastRequest = s.now
	default:
		return fmt.Errorf("nothing is known of %q", what)
	}
	return nil
}

// parsePlan reads "grace=10s shared linger".
func parsePlan(line string) (Plan, error) {
	var p Plan
	durations := map[string]*time.Duration{
		"grace": &p.Grace, "margin": &p.Margin, "hand_back": &p.HandBack, "stop_timeout": &p.StopTimeout,
		"announce.min": &p.Announce.Min, "announce.quiet": &p.Announce.Quiet, "announce.max": &p.Announce.Max,
	}
	flags := map[string]*bool{"shared": &p.Shared, "linger": &p.Linger, "kubernetes": &p.Kubernetes, "heir": &p.Heir}
	for word := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch {
		case durations[key] != nil:
			*durations[key], err = time.ParseDuration(value)
		case flags[key] != nil:
			*flags[key] = true
		case key == "mode":
			p.Mode = Mode(value)
		case key == "backlog":
			p.Backlog = Backlog(value)
		case key == "readiness":
			p.Readiness = Readiness(value)
		case key == "rate":
			p.HandoverRate, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("nothing is known of %q", key)
		}
		if err != nil {
			return p, err
		}
	}
	p = p.WithDefaults()
	return p, p.Validate()
}
