package docs_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// session is a page that is being played.
type session struct {
	t     *testing.T
	page  string
	dir   string
	env   []string
	swaps []string
	shell *shell

	server   *shell          // the terminal in which the page's server runs, if it does
	files    map[string]bool // written, and not yet named by a command
	answered string          // what the last command wrote
}

func (s *session) swap(text string) string { return strings.NewReplacer(s.swaps...).Replace(text) }

// play does what the blocks say, one after the other.
func (s *session) play(all []block) {
	s.files = map[string]bool{}
	for _, b := range all {
		if !elsewhereRun(b) {
			s.do(b)
		}
	}
	if len(s.files) > 0 {
		s.t.Errorf("%s: no command uses %v", s.page, slices.Collect(maps.Keys(s.files)))
	}
}

func (s *session) do(b block) {
	s.t.Helper()
	text := s.swap(b.text)
	switch {
	case b.file != "":
		write(s.t, filepath.Join(s.dir, b.file), text)
		s.files[b.file] = true
	case b.shows != "":
		write(s.t, filepath.Join(s.dir, filepath.Base(b.shows)), text)
	case b.role == "server":
		s.serve(b, text)
	case b.role == "endless":
		s.goOn(text)
	case b.lang == "sh":
		if b.role == "ctrl-c" {
			s.stop()
		}
		s.answered = s.run(b, text)
	case b.lang == "sql":
		write(s.t, filepath.Join(s.dir, "block.sql"), text)
		s.answered = s.run(b, "psql -qX -v ON_ERROR_STOP=1 -f block.sql")
	case b.lang == "console":
		s.console(b, text)
	case b.lang == "json":
		if d := shapes(s.answered, text); d != "" {
			s.t.Fatalf("%s:%d: %s\nanswered was\n%s", b.page, b.line, d, s.answered)
		}
	case b.lang == "yaml":
		write(s.t, filepath.Join(s.dir, "block.yaml"), text)
		s.run(b, "lastcall serve --config block.yaml --print-config")
	}
	for name := range s.files {
		stem := strings.TrimSuffix(name, filepath.Ext(name))
		if b.file != name && (strings.Contains(text, name) || strings.Contains(text, "import "+stem)) {
			delete(s.files, name)
		}
	}
}

// run runs a piece, which has to go well.
func (s *session) run(b block, text string) string {
	s.t.Helper()
	out, complaint, ok := s.shell.run(text)
	if !ok {
		s.t.Fatalf("%s:%d: this failed:\n%s\n%s\n%s\n%s", b.page, b.line, text, out, complaint, s.said())
	}
	return out
}

// said is what the page's server said so far.
func (s *session) said() string {
	if s.server == nil {
		return ""
	}
	return "its server said\n" + content(s.t, s.server.out)
}

// ready are the words with which what serves says that it does: the command, a library's log, and what pages print.
var ready = []string{"listens at", "serving addr=", `"msg":"serving"`, "serving at"}

// serve starts what serves, and waits until it does.
func (s *session) serve(b block, text string) {
	s.t.Helper()
	s.stop()
	s.server = s.shell.terminal(text)
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Log(s.said())
		}
	})
	lab.Until(s.t, s.page+": it serves: "+b.first(), func() bool {
		said := content(s.t, s.server.out)
		return slices.ContainsFunc(ready, func(word string) bool { return strings.Contains(said, word) })
	})
}

// stop is Ctrl-C in the terminal of the server, if there is one.
func (s *session) stop() {
	s.t.Helper()
	if s.server != nil {
		s.server.interrupt()
		s.server = nil
	}
}

// goOn starts each line of a block, waits until it says something, and leaves it running.
func (s *session) goOn(text string) {
	s.t.Helper()
	for line := range strings.Lines(text) {
		other := s.shell.terminal(line)
		lab.Until(s.t, s.page+": it says something: "+line, func() bool { return content(s.t, other.out) != "" })
	}
}

// console runs each command of a block and compares what it says with what is shown.
func (s *session) console(b block, text string) {
	s.t.Helper()
	for part := range strings.SplitSeq("\n"+text, "\n$ ") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		command, shown, _ := strings.Cut(part, "\n")
		out, complaint, _ := s.shell.run("set +e; " + command + "\ntrue")
		if !like(out, shown) && !like(out+complaint, shown) {
			s.t.Fatalf("%s:%d: %s says\n%s%s\nwhich is shown as\n%s", b.page, b.line, command, out, complaint, shown)
		}
	}
}
