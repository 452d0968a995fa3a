package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// change is what stands on a page and what is run in its place.
type change struct{ from, to string }

// changes are by page, beside those of ports.
var changes = map[string][]change{
	"README.md": {{"USER:PASSWORD@", pg.User + "@"}},
	"docs/commands.md": {
		{"/var/lib/lastcall/", ""},
		{"/run/secrets/", ""},
		{"db.example/", "127.0.0.1:5432/"},
		{"/backups/", "backups/"},
		{"/usr/local/share/man/", ""},
		{"/etc/bash_completion.d/", "bash/"},
		{"${fpath[1]}", "zsh"},
		{"~/.config/fish/completions", "fish"},
	},
	"docs/operations.md": {
		{`"$STORE"`, "postgres://" + pg.User + "@127.0.0.1:5432/lastcall"},
		{`"$DATABASE"`, "postgres://" + pg.User + "@127.0.0.1:5432/lastcall"},
		{"backup@db.example", pg.User + "@127.0.0.1:5432"},
		{"/backups/", "backups/"},
	},
	"docs/postgres.md": {{"@db.example:5432/lastcall?sslmode=verify-full", "@127.0.0.1:5432/lastcall"}},
}

// ports are those that pages name. Each page gets free ones instead.
var ports = []string{"8080", "8081", "8082", "9000", "9001", "9002"}

// databases are the pages that need a PostgreSQL. Each has a server of its own.
var databases = []string{"README.md", "docs/commands.md", "docs/operations.md", "docs/postgres.md"}

// TestThePagesAreSessionsThatWork plays every page that has something to run.
func TestThePagesAreSessionsThatWork(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		all := blocks(t, page)
		if !slices.ContainsFunc(all, played) {
			continue
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			begin(t, page).play(all)
		})
	}
}

// played reports whether a block asks for a session.
func played(b block) bool {
	return !elsewhereRun(b) && slices.Contains([]string{"sh", "console", "json", "yaml", "sql"}, b.lang)
}

// begin prepares a page's folder, its programs, its ports and, where it needs one, its database.
func begin(t *testing.T, page string) *session {
	t.Helper()
	s := &session{t: t, page: page, dir: t.TempDir()}
	if folder := filepath.Dir(page); strings.HasPrefix(folder, "examples/") {
		if err := os.CopyFS(s.dir, os.DirFS(filepath.Join(root, folder))); err != nil { // "From this folder"
			t.Fatal(err)
		}
		if programs, _ := filepath.Glob(filepath.Join(s.dir, "*.go")); len(programs) > 0 {
			module(t, s.dir)
		}
	}
	var server string
	for i, p := range ports {
		free := lab.FreePort(t)
		s.swaps = append(s.swaps, p, free)
		if i == 0 {
			server = free
		}
	}
	s.env = environment(t, s.dir, server)
	if slices.Contains(databases, page) {
		db := pg.Start(t)
		s.swaps = append(s.swaps, ":5432", ":"+db.Port)
		s.env = append(s.env, "PGHOST=127.0.0.1", "PGPORT="+db.Port, "PGUSER="+pg.User, "PGDATABASE=postgres")
	}
	for _, c := range changes[page] {
		s.swaps = append(s.swaps, c.from, s.swap(c.to))
	}
	s.shell = open(t, s.dir, s.env)
	setup := filepath.Join("testdata", "setup", strings.ReplaceAll(page, "/", "-")+".sh")
	if text, err := os.ReadFile(setup); err == nil {
		if out, complaint, ok := s.shell.run(s.swap(string(text))); !ok {
			t.Fatalf("%s: %s\n%s", setup, out, complaint)
		}
	}
	return s
}

// environment is that of somebody who has installed lastcall, and for whom it listens at another port. What curl asks may
// have been started on the line before.
func environment(t *testing.T, dir, port string) []string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bin")
	write(t, filepath.Join(bin, "curlrc", ".curlrc"), "retry = 60\nretry-delay = 1\nretry-connrefused\n")
	if err := os.Symlink(lab.BuildPlain(t, "cmd/lastcall"), filepath.Join(bin, "lastcall")); err != nil {
		t.Fatal(err)
	}
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "CURL_HOME=" + filepath.Join(bin, "curlrc"),
		"CHECKOUT=" + checkout, "LASTCALL_LISTEN=127.0.0.1:" + port, "LASTCALL_SERVER=http://127.0.0.1:" + port,
	}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if name != "PATH" && !strings.HasPrefix(name, "LASTCALL_") && !strings.HasPrefix(name, "PG") {
			env = append(env, kv)
		}
	}
	return append(env, "PWD="+dir)
}
