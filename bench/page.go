package main

import (
	"fmt"
	"os"
	"strings"
)

// section is what the page says of one part.
type section struct{ title, text string }

const pagePath = "../docs/benchmarks.md"

const introduction = `# Benchmarks

Written by %[1]smake bench%[1]s, which anyone can run: it needs Go, what %[1]smake setup%[1]s installs, and about twenty minutes. What
counts are the ratios: both sides run on the same machine, in turns, and each ratio is of one round. Absolute numbers are
a picture of one machine. What each round found is in [bench/data](../bench/data), a file a section, and this page is made
of those files and nothing else. %[1]smake bench PARTS=…%[1]s measures some parts anew, of

    %[2]s

%[1]smake bench-compare REF=…%[1]s holds the work tree against a commit.
`

// renderPage is the page that the files in a folder make.
func renderPage(dir string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, introduction, "`", strings.Join(partNames(func(part) bool { return true }), ", "))
	for _, p := range parts() {
		s, there, err := p.section(dir)
		if err != nil {
			return "", err
		}
		if there {
			fmt.Fprintf(&b, "\n## %s\n\n%s", s.title, s.text)
		}
	}
	return b.String(), nil
}

func writePage(dir, path string) error {
	text, err := renderPage(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
