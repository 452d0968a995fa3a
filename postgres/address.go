package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AddressError is a mistake in the address of a database, or in the PG… variables beside it, that nobody but who wrote it
// can mend. Its text names the setting and never shows what it was set to, which may be a password in the wrong place.
type AddressError struct {
	Wrong string // goes on where a sentence ends with what names the address: "has no …"
	err   error  // the server's word, where it was the one who refused it
}

func (e *AddressError) Error() string {
	if e.err != nil {
		return "the address of the database " + e.Wrong + ": " + e.err.Error()
	}
	return "the address of the database " + e.Wrong
}

func (e *AddressError) Unwrap() error { return e.err }

// CheckURL says what is wrong with an address as far as that can be told without a look at the database; nil or an
// *AddressError. It reads the files that the address names, such as a root certificate.
func CheckURL(text string) error {
	_, err := parseTarget(text)
	return err
}

// A schema's name is part of a channel's name, which PostgreSQL cuts off at 63 bytes.
var schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

// parseTarget reads a URL. What is wrong with it is said without showing it: package url would quote a piece of the
// password where that holds a character that ends it, and takes the rest of one that holds a slash for the path.
func parseTarget(text string) (*target, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || strings.Contains(u.Path, "@") {
		return nil, &AddressError{Wrong: "is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE; " +
			"characters of the user and the password that are neither letters nor digits must be percent-encoded"}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, &AddressError{Wrong: "has settings behind its ? that are not NAME=VALUE&NAME=VALUE, percent-encoded"}
	}
	if wrong := wrongSetting(query); wrong != "" {
		return nil, &AddressError{Wrong: wrong}
	}
	schema := "lastcall"
	if query.Has("schema") {
		schema = query.Get("schema")
		query.Del("schema")
		u.RawQuery = query.Encode()
	}
	c, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, &AddressError{Wrong: "cannot be used: " + withoutAddress(err).Error()}
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
		return errors.New("a setting in it, or in the PG… variables of the environment, is not valid")
	}
	return err
}

// wrongSetting says which of an address's settings is wrong, in the order of their names; "" if none is.
func wrongSetting(query url.Values) string {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		check, known := addressSettings[name]
		switch {
		case known && check.fits != nil && !check.fits(query.Get(name)):
			return fmt.Sprintf("sets %s to what is not %s", name, check.to)
		case !known && (strings.HasPrefix(name, "pool_") || strings.HasPrefix(name, "ssl")):
			return fmt.Sprintf("sets %s, which there is not", name)
		}
	}
	return ""
}

// addressSetting is what a setting of the address can be set to.
type addressSetting struct {
	to   string
	fits func(value string) bool // nil: whatever pgx takes
}

// addressSettings are those of pgx, of its pool and our own. Any other goes to the server, which alone knows what it can be
// told: statement_timeout, options and so on. But none of those begins like these do, so that what does is a slip.
var addressSettings = map[string]addressSetting{
	"schema":                        {"a name of up to 48 ASCII letters, digits and underscores, and not of pg_", isSchemaName},
	"sslmode":                       oneOf("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
	"sslnegotiation":                oneOf("postgres", "direct"),
	"sslsni":                        oneOf("0", "1"),
	"sslrootcert":                   {},
	"sslcert":                       {},
	"sslkey":                        {},
	"sslpassword":                   {},
	"target_session_attrs":          oneOf("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
	"connect_timeout":               wholeFrom(0),
	"pool_max_conns":                wholeFrom(1),
	"pool_min_conns":                wholeFrom(0),
	"pool_min_idle_conns":           wholeFrom(0),
	"pool_max_conn_lifetime":        duration,
	"pool_max_conn_idle_time":       duration,
	"pool_max_conn_lifetime_jitter": duration,
	"pool_health_check_period":      duration,
	"statement_cache_capacity":      wholeFrom(0),
	"description_cache_capacity":    wholeFrom(0),
}

func oneOf(values ...string) addressSetting {
	return addressSetting{"one of " + strings.Join(values, ", "), func(s string) bool { return slices.Contains(values, s) }}
}

// wholeFrom takes numbers that fit the 32 bits in which pgx has them.
func wholeFrom(least int64) addressSetting {
	return addressSetting{fmt.Sprintf("a whole number from %d on", least), func(s string) bool {
		n, err := strconv.ParseInt(s, 10, 32)
		return err == nil && n >= least
	}}
}

var duration = addressSetting{"a time such as 90s, 30m or 1h", func(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d >= 0
}}

func isSchemaName(s string) bool { return schemaName.MatchString(s) && !strings.HasPrefix(s, "pg_") }
