package pg

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// poolerConfig is PgBouncer as its manual would have it for many clients: a server's connection is lent for one
// transaction at a time, and parameters at the start that it does not know are refused.
const poolerConfig = `[databases]
* = host=127.0.0.1 port=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 20
`

// Pooler is a running PgBouncer.
type Pooler struct {
	Port string // on 127.0.0.1
}

// StartPooler puts PgBouncer, in transaction mode, before a server that asks for no password. It ends with the test.
func StartPooler(tb testing.TB, s *Server) *Pooler {
	tb.Helper()
	program, err := pooler()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "lastcall-pooler-") //nolint:usetesting // of root's alone, where its user does not get in
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Pooler{Port: lab.FreePort(tb)}
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, poolerConfig, s.Port, User, p.Port), 0o644); err != nil {
		tb.Fatal(err)
	}
	if err := s.user.give(dir); err != nil {
		tb.Fatal(err)
	}
	p.run(tb, s, program, config)
	return p
}

func (p *Pooler) run(tb testing.TB, s *Server, program, config string) {
	tb.Helper()
	log, err := os.Create(filepath.Join(filepath.Dir(config), "log"))
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(tb.Context(), program, config)
	cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.user.attributes(), log, log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if err := await(p.URL("postgres")); err != nil {
		text, _ := os.ReadFile(log.Name())
		tb.Fatalf("pgbouncer did not start: %v\n%s", err, text)
	}
}

// URL is the address of a database by way of the pooler.
func (p *Pooler) URL(db string) string { return address(p.Port, "", db) }
