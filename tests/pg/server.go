package pg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// User is the superuser of every server.
const User = "postgres"

// patience is how long a server may take to start or to stop before the test has failed.
const patience = 60 * time.Second

// Server is a PostgreSQL. Its methods may be called concurrently, but for Stop, Start, Pause and Continue.
type Server struct {
	Port string // on 127.0.0.1

	dir      string // its own, of the user that it runs as
	bin      string
	user     *servant
	password string
	settings []string
	env      []string
	within   string   // where its folder is made; "" is the system's place
	cluster  []string // flags of initdb

	mu     sync.Mutex
	cmd    *exec.Cmd // nil: it does not run
	frozen bool
}

// Option is what a server can be started with.
type Option func(*Server)

// Set gives a setting another value than that of postgresql.conf.
func Set(name, value string) Option {
	return func(s *Server) { s.settings = append(s.settings, name+" = '"+strings.ReplaceAll(value, "'", "''")+"'") }
}

// Password has the server ask for passwords; it is the superuser's.
func Password(password string) Option {
	return func(s *Server) { s.password = password }
}

// Environ adds NAME=value to the environment of the server itself.
func Environ(env ...string) Option {
	return func(s *Server) { s.env = append(s.env, env...) }
}

// Within makes the server's folder in that one, which every user must be able to enter and to write.
func Within(dir string) Option {
	return func(s *Server) { s.within = dir }
}

// Segments has the write-ahead log in files of so many MiB, rather than 16: no file needs to be larger than one.
func Segments(mib int) Option {
	return func(s *Server) { s.cluster = append(s.cluster, "--wal-segsize", strconv.Itoa(mib)) }
}

// Start runs a new server until the end of the test.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := create(tb, opts)
	if s != nil {
		tb.Cleanup(s.end)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// create makes a server's folder and starts it. What it returns is to be ended, also with an error.
func create(tb testing.TB, opts []Option) (*Server, error) {
	tb.Helper()
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	user, err := findServant()
	if err != nil {
		return nil, err
	}
	s := &Server{Port: lab.FreePort(tb), bin: bin, user: user}
	for _, o := range opts {
		o(s)
	}
	//nolint:usetesting // of root's alone, where the server's user does not get in
	if s.dir, err = os.MkdirTemp(s.within, "lastcall-pg-"); err != nil {
		return nil, err
	}
	if err := user.give(s.dir); err != nil {
		return s, err
	}
	if err := s.initialize(); err != nil {
		return s, err
	}
	err = s.start()
	return s, err
}

// initialize makes the database cluster. It is not synced: no test loses power before its server runs.
func (s *Server) initialize() error {
	args := []string{"-D", s.data(), "-U", User, "-E", "UTF8", "--no-locale", "--no-sync"}
	args = append(args, s.cluster...)
	if s.password == "" {
		args = append(args, "-A", "trust")
	} else {
		file := filepath.Join(s.dir, "password")
		if err := os.WriteFile(file, []byte(s.password+"\n"), 0o644); err != nil {
			return err
		}
		args = append(args, "-A", "scram-sha-256", "--pwfile", file)
	}
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, "initdb"), args...)
	cmd.SysProcAttr, cmd.Dir = s.user.attributes(), s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s.configure()
}

// configure has the last word in postgresql.conf. Tests open many stores at once, so that there are connections enough.
func (s *Server) configure() error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	lines := append([]string{
		"listen_addresses = '127.0.0.1'", "port = " + s.Port, "unix_socket_directories = ''", "max_connections = 300",
		"fsync = on", "synchronous_commit = on", "log_line_prefix = '%m [%p] '",
	}, s.settings...)
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// start runs the server and waits until it lets somebody in.
func (s *Server) start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has it by then
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, "postgres"), "-D", s.data())
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = s.user.attributes(), s.dir, log, log
	cmd.Env = append(os.Environ(), s.env...)
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.cmd = cmd
	s.mu.Unlock()
	if err := await(s.URL("postgres")); err != nil {
		return fmt.Errorf("the server did not start: %w\n%s", err, s.log())
	}
	return nil
}

// await waits until a database lets somebody in.
func await(at string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, at); err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

// log is the end of what the server has said.
func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8<<10):])
}

// URL is the address of a database, for the superuser.
func (s *Server) URL(db string) string {
	return address(s.Port, s.password, db)
}

func address(port, password, db string) string {
	u := url.URL{Scheme: "postgres", Host: "127.0.0.1:" + port, Path: "/" + db, RawQuery: "sslmode=disable", User: url.User(User)}
	if password != "" {
		u.User = url.UserPassword(User, password)
	}
	return u.String()
}

// Create makes an empty database and returns its address.
func (s *Server) Create(tb testing.TB, db string) string {
	tb.Helper()
	s.Exec(tb, "postgres", "CREATE DATABASE "+pgx.Identifier{db}.Sanitize())
	return s.URL(db)
}

// Exec runs statements in a database, as the superuser.
func (s *Server) Exec(tb testing.TB, db, sql string) {
	tb.Helper()
	conn := s.Connect(tb, db)
	defer func() { _ = conn.Close(context.WithoutCancel(tb.Context())) }() // nothing is asked of it any more
	if _, err := conn.Exec(tb.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// Connect is a connection of the superuser's, which the caller closes.
func (s *Server) Connect(tb testing.TB, db string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.URL(db))
	if err != nil {
		tb.Fatal(err)
	}
	return conn
}
