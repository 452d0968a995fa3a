package postgres

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall"
)

// G10: what ails the server is a 503 and a time to come again, with a word for the client and the server's own for the
// log; what is wrong with a statement's contents is not, as coming again would not help.
func TestWhatAilsTheServerIsAnsweredWithATimeToComeAgain(t *testing.T) {
	for _, c := range []struct{ state, message, detail string }{
		{"53100", "could not extend file: No space left on device", "the database's disk is full"},
		{"53000", "could not open file: Too many open files", "the database has no memory or no connections left"},
		{"53200", "out of memory", "the database has no memory or no connections left"},
		{"53300", "sorry, too many clients already", "the database has no memory or no connections left"},
		{"58030", "could not read block 7: Input/output error", "the database cannot read or write its files"},
		{"58P01", "could not open file: No such file or directory", "the database cannot read or write its files"},
		{"XX000", "could not extend file: File too large", "the database cannot do what it must"},
		{"XX001", "invalid page in block 7", "the database has found damage in its data"},
		{"XX002", "index contains unexpected zero page", "the database has found damage in its data"},
		{"42501", "could not extend file: Read-only file system", "the database cannot do what it must"},
		{"25006", "cannot execute INSERT in a read-only transaction", "the database cannot be reached"},
		{"57P01", "terminating connection due to administrator command", "the database cannot be reached"},
		{"57P02", "terminating connection because of crash of another server process", "the database cannot be reached"},
		{"57P03", "the database system is in recovery mode", "the database cannot be reached"},
		{"08006", "connection failure", "the database cannot be reached"},
		{"22P02", "invalid input syntax", ""},
		{"23505", "duplicate key value", ""},
		{"54000", "index row size exceeds maximum", ""},
	} {
		err := wrap("submit", fmt.Errorf("insert: %w", &pgconn.PgError{Severity: "ERROR", Code: c.state, Message: c.message}))
		code, want := lastcall.CodeOf(err), lastcall.CodeStoreUnavailable
		if c.detail == "" {
			want = lastcall.CodeInternal
		}
		if code != want {
			t.Errorf("%s %s: %s, want %s", c.state, c.message, code, want)
			continue
		}
		if text := err.Error(); !strings.Contains(text, c.state) || !strings.Contains(text, c.message) {
			t.Errorf("%s: the log would say %q", c.state, text)
		}
		known, ok := errors.AsType[*lastcall.Error](err)
		if c.detail != "" && (!ok || known.Detail != c.detail || known.RetryAfter <= 0 || code.HTTPStatus() != http.StatusServiceUnavailable) {
			t.Errorf("%s: a client would be told %+v", c.state, known)
		}
	}
}
