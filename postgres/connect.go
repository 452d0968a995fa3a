package postgres

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connect makes a connection beside the pool, without prepared statements, as a pooler may be in between. Its error says
// in words what can be done about a database that lets nobody in.
func (t *target) connect(ctx context.Context) (*pgx.Conn, error) {
	c := t.pool.ConnConfig.Copy()
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	var answers tlsAnswers
	dial := c.DialFunc
	c.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		answers.dialed.Add(1)
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &tlsWatch{Conn: conn, answers: &answers}, nil
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, explainConnect(err, &answers)
	}
	return conn, nil
}

// errReadOnly is of a server that is there and takes no writes.
var errReadOnly = errors.New("the server takes no writes")

// takesWrites refuses a connection to a standby, or to a primary that was demoted. While a fail-over is under way an address may
// lead there for a moment: a connection that is made then would stay, and be of no use, for as long as the pool keeps it.
// It is what target_session_attrs=read-write asks for, with an error that can be told from others. Where the address
// names several hosts the next one is tried.
func takesWrites(ctx context.Context, c *pgconn.PgConn) error {
	results, err := c.Exec(ctx, "SHOW transaction_read_only").ReadAll()
	if err != nil {
		return err
	}
	if string(results[0].Rows[0][0]) == "on" {
		return errReadOnly
	}
	return nil
}

// hangUp ends a connection of connect's. It says good-bye for a moment only: a server that hangs does not answer it.
func hangUp(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.Close(ctx) // it is closed, and nothing was asked that is not answered
}

// explainConnect is the error of a connection that was not to be had. What waiting may mend has a code; what it will not
// has none, and an *AddressError is for who wrote the address.
func explainConnect(err error, answers *tlsAnswers) error {
	err = brief(err)
	switch sqlState(err) {
	case "28P01", "28000":
		return fmt.Errorf("the database refuses the user or the password; check both, and pg_hba.conf: %w", err)
	case "3D000":
		return fmt.Errorf("there is no such database; make it with createdb, encoding UTF8: %w", err)
	case "42501":
		return fmt.Errorf("the role may not connect; GRANT CONNECT ON DATABASE … TO it, or take what it may not set out of the address: %w", err)
	case "53300":
		return fmt.Errorf("the server has no free connection; raise max_connections or lower pool_max_conns: %w", explain(err))
	case "42704", "22023", "55P02": // no such setting, no such value, not a session's to set
		return &AddressError{"has a setting that the server does not take", err}
	}
	if errors.Is(err, errReadOnly) {
		return fmt.Errorf("it is a standby, or set to be read; name the primary, or all hosts: %w", explain(err))
	}
	if answers.allRefused() {
		return fmt.Errorf("the server has no TLS, and the address insists on it; have the server use it (ssl = on), "+
			"or set sslmode=disable where nobody can listen on the way: %w", err)
	}
	if isUntrusted(err) {
		return fmt.Errorf("the server's certificate is not to be trusted; check its name, its dates, and sslrootcert: %w", err)
	}
	return fmt.Errorf("the database cannot be reached; check that it runs and that the address is right: %w", explain(err))
}

// isUntrusted reports whether it was we who ended the handshake. For sslmode=verify-ca pgx verifies by itself, and what it
// finds is not wrapped as the standard library's is.
func isUntrusted(err error) bool {
	_, verified := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return verified || unknown || invalid
}

// tlsAnswers are what servers said when they were asked for TLS. The error that pgx makes of a no can be told from others by its
// text alone.
type tlsAnswers struct{ dialed, refused atomic.Int32 }

// allRefused reports whether every server was reached, and none had what was insisted on.
func (a *tlsAnswers) allRefused() bool {
	n := a.dialed.Load()
	return n > 0 && a.refused.Load() == n
}

// tlsWatch looks at the one byte with which a server answers who asks for TLS.
type tlsWatch struct {
	net.Conn
	answers *tlsAnswers
	asked   bool // the next byte is the answer
	looked  bool // it has been there, or was not asked for
}

// tlsRequest asks for TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html, SSLRequest.
var tlsRequest = binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, 80877103)

// Write sees the first thing that is said, which comes before any goroutine shares the connection.
func (w *tlsWatch) Write(b []byte) (int, error) {
	if !w.looked {
		w.looked, w.asked = true, bytes.Equal(b, tlsRequest)
	}
	return w.Conn.Write(b)
}

func (w *tlsWatch) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if w.asked && n > 0 {
		w.asked = false
		if b[0] == 'N' {
			w.answers.refused.Add(1)
		}
	}
	return n, err
}

// briefError is an error with fewer words.
type briefError struct {
	text string
	err  error
}

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }

// brief has an error say once why there was no connection. With sslmode=prefer, the default, each host is tried twice, with
// TLS and without: where the second try got an answer of the server's or the network's, that the first found no TLS is
// beside the point, and where both got the same one it is told once.
func brief(err error) error {
	connect, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err
	}
	var why, aside []string
	for _, e := range parts(connect.Unwrap()) {
		_, network := errors.AsType[net.Error](e)
		if network || sqlState(e) != "" {
			why = once(why, e.Error())
		} else {
			aside = once(aside, e.Error())
		}
	}
	if len(why) == 0 {
		why = aside
	}
	text := strings.Replace(err.Error(), connect.Error(), strings.Join(why, "; "), 1)
	return &briefError{text, err}
}

// once adds a text that is not there yet.
func once(texts []string, text string) []string {
	if slices.Contains(texts, text) {
		return texts
	}
	return append(texts, text)
}

// parts are the errors that an error was joined from.
func parts(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			return joined.Unwrap()
		}
	}
	return []error{err}
}
