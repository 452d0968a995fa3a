package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// page is docs/benchmarks.md: an introduction and a section for each part. A run replaces the sections of the parts that
// it measured, and each section says of which run it is.
type page struct {
	intro    string
	sections []section
}

type section struct{ title, text string }

const pagePath = "../docs/benchmarks.md"

const introduction = "# Benchmarks\n\n" +
	"Written by `make bench`, which anyone can run: it needs Go, for PostgreSQL its server's programs, and some minutes. What\n" +
	"counts are the ratios: both sides run on the same machine, in turns, and each ratio is of one round. Absolute numbers are\n" +
	"a picture of one machine. `cd bench && go run . -only PART` measures one part anew: " +
	"`submits`, `work`, `latency`, `backlog`,\n`nodes`; or `postgres`, which is all but the first.\n\n"

// readPage reads what earlier runs have left.
func readPage(path string) (page, error) {
	p := page{intro: introduction}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	for _, s := range strings.Split("\n"+string(text), "\n## ")[1:] {
		title, rest, _ := strings.Cut(s, "\n")
		p.sections = append(p.sections, section{title, strings.TrimSpace(rest) + "\n"})
	}
	return p, nil
}

// put sets a section, in its old place if it had one.
func (p *page) put(s section) {
	i := slices.IndexFunc(p.sections, func(old section) bool { return old.title == s.title })
	if i < 0 {
		p.sections = append(p.sections, s)
		return
	}
	p.sections[i] = s
}

func (p *page) String() string {
	var b strings.Builder
	b.WriteString(p.intro)
	for i, s := range p.sections {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "## %s\n\n%s", s.title, s.text)
	}
	return b.String()
}

// machine says of which run a section is.
func machine(how string, args ...any) string {
	return fmt.Sprintf("%s, %d CPUs%s, %s, %s", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), busy(), runtime.Version(),
		fmt.Sprintf(how, args...))
}

// busy says how much the machine had to do, the run included, where that is known: times are worth little where it is
// several times the number of CPUs.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), " ")
	five, _, _ := strings.Cut(rest, " ")
	return " with a load of " + five
}
