package postgres

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// target is a URL, taken apart.
type target struct {
	pool   *pgxpool.Config
	schema string
}

func (t *target) setDefaults(query url.Values) {
	c := t.pool
	if !query.Has("pool_max_conns") {
		c.MaxConns = defaultConns
	}
	if !query.Has("connect_timeout") {
		c.ConnConfig.ConnectTimeout = connectTimeout
	}
	if c.ConnConfig.ValidateConnect == nil && !query.Has("target_session_attrs") {
		c.ConnConfig.ValidateConnect = takesWrites
	}
	if c.ConnConfig.RuntimeParams["application_name"] == "" {
		c.ConnConfig.RuntimeParams["application_name"] = "lastcall"
	}
}

// bound has the server bound what a session does, so that one whose node is gone does not hold locks for long. Poolers
// refuse such parameters; behind one each transaction sets its own (transact.go).
func (t *target) bound(f facts) {
	if t.raises(f) {
		t.pool.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	}
	if f.pooled {
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

// raises reports whether sessions of ours commit synchronously although the role or the database is set so that they
// would not (G1). Who turns it off in the address means it, and a pooler takes no such parameter.
func (t *target) raises(f facts) bool {
	_, given := t.pool.ConnConfig.RuntimeParams["synchronous_commit"]
	return f.commit == "off" && !given && !f.pooled
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
