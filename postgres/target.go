package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// target is a URL, taken apart.
type target struct {
	pool   *pgxpool.Config
	schema string
}

// A schema's name is part of a channel's name, which PostgreSQL cuts off at 63 bytes.
var schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

// parseTarget reads a URL. What is wrong with it is said without showing it: package url would quote a piece of the
// password where that holds a character that ends it.
func parseTarget(text string) (*target, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("the address of the database is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE; " +
			"characters of the user and the password that are neither letters nor digits must be percent-encoded")
	}
	query := u.Query()
	schema := "lastcall"
	if query.Has("schema") {
		schema = query.Get("schema")
		query.Del("schema")
		u.RawQuery = query.Encode()
	}
	if !schemaName.MatchString(schema) || strings.HasPrefix(schema, "pg_") {
		return nil, errors.New("the schema in the address of the database must be a name of up to 48 letters, digits and underscores")
	}
	c, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", withoutAddress(err))
	}
	t := &target{pool: c, schema: schema}
	t.setDefaults(query)
	return t, nil
}

// withoutAddress is what pgx found wrong with a setting, without the address that it says it of.
func withoutAddress(err error) error {
	if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		if beneath := errors.Unwrap(parse); beneath != nil {
			return beneath
		}
		return errors.New("a setting in it, or in the environment, is not valid")
	}
	return err
}

func (t *target) setDefaults(query url.Values) {
	c := t.pool
	if !query.Has("pool_max_conns") {
		c.MaxConns = defaultConns
	}
	if !query.Has("connect_timeout") {
		c.ConnConfig.ConnectTimeout = connectTimeout
	}
	if c.ConnConfig.RuntimeParams["application_name"] == "" {
		c.ConnConfig.RuntimeParams["application_name"] = "lastcall"
	}
}

// connect makes a connection beside the pool, without prepared statements, as a pooler may be in between.
func (t *target) connect(ctx context.Context) (*pgx.Conn, error) {
	c := t.pool.ConnConfig.Copy()
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	return pgx.ConnectConfig(ctx, c)
}

// hangUp ends a connection of connect's. It says good-bye for a moment only: a server that hangs does not answer it.
func hangUp(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.Close(ctx) // it is closed, and nothing was asked that is not answered
}

// bound has the server bound what a session does, so that one whose node is gone does not hold locks for long. Poolers
// refuse such parameters; behind one each transaction sets its own (transact.go).
func (t *target) bound(pooled bool) {
	if pooled {
		t.pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		return
	}
	for name, value := range map[string]string{
		"statement_timeout": "10s", "lock_timeout": "4s", "idle_in_transaction_session_timeout": "10s",
		// Every statement of ours has an index to go by and plans are made once: a table that has been empty until a moment
		// ago must not be read whole because of what its statistics do not know yet.
		"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off",
		"tcp_user_timeout": "15s", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		if _, given := t.pool.ConnConfig.RuntimeParams[name]; !given {
			t.pool.ConnConfig.RuntimeParams[name] = value
		}
	}
}

// where names the database for people.
func (t *target) where() string {
	c := t.pool.ConnConfig
	if strings.HasPrefix(c.Host, "/") {
		return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database)
	}
	return "postgres://" + net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database
}

// redacted is an error whose text held the password.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// redact takes the password out of an error, should it be in there: servers and drivers quote what they were given.
func (t *target) redact(err error) error {
	password := t.pool.ConnConfig.Password
	if password == "" || !strings.Contains(err.Error(), password) {
		return err
	}
	return &redacted{strings.ReplaceAll(err.Error(), password, "***"), err}
}

// explainConnect says in words what can be done about a database that lets nobody in.
func explainConnect(err error) error {
	switch sqlState(err) {
	case "28P01", "28000":
		return fmt.Errorf("the database refuses the user or the password; check both, and pg_hba.conf: %w", err)
	case "3D000":
		return fmt.Errorf("there is no such database; make it with createdb, encoding UTF8: %w", err)
	case "53300":
		return fmt.Errorf("the server has no free connection; raise max_connections or lower pool_max_conns: %w", err)
	}
	return fmt.Errorf("the database cannot be reached; check that it runs and that the address is right: %w", explain(err))
}
