package postgres

import (
	"errors"
	"strings"
	"testing"
)

// G10: what is wrong with an address is said by the name of the setting, and never by what it was set to.
func TestAMistakeInAnAddressIsNamedAndNotShown(t *testing.T) {
	for settings, want := range map[string]string{
		"pool_max_conns=hunter2":          "sets pool_max_conns to what is not a whole number from 1 on",
		"pool_max_conns=0":                "sets pool_max_conns",
		"pool_max_con=3":                  "sets pool_max_con, which there is not",
		"sslmode=hunter2":                 "sets sslmode to what is not one of disable",
		"ssl_mode=require":                "sets ssl_mode, which there is not",
		"sslmode=":                        "sets sslmode",
		"schema=Hunter-2":                 "sets schema to what is not a name of up to 48 ASCII letters",
		"schema=pg_hunter2":               "sets schema",
		"connect_timeout=3s":              "sets connect_timeout to what is not a whole number",
		"target_session_attrs=hunter2":    "sets target_session_attrs to what is not one of any",
		"pool_max_conn_lifetime=hunter2":  "sets pool_max_conn_lifetime to what is not a time",
		"a=b;hunter2":                     "has settings behind its ?",
		"sslmode=verify-full&sslcert=one": "cannot be used",
		"default_query_exec_mode=hunter2": "cannot be used",
	} {
		err := CheckURL("postgres://u:hunter2@127.0.0.1:1/x?" + settings)
		wrong, ok := errors.AsType[*AddressError](err)
		if !ok || !strings.HasPrefix(wrong.Wrong, want) || strings.Contains(strings.ToLower(err.Error()), "hunter") {
			t.Errorf("%s: %v, want %q", settings, err, want)
		}
	}
	for _, settings := range []string{
		"", "schema=tenant_7", "sslmode=disable&pool_max_conns=4&pool_max_conn_lifetime=1h30m", "statement_timeout=3s&application_name=x",
		"target_session_attrs=read-write&connect_timeout=2", "options=-c%20geqo%3Doff",
	} {
		if err := CheckURL("postgres://u:p%40ss@a:1,b:2/x?" + settings); err != nil {
			t.Errorf("%q: %v", settings, err)
		}
	}
}
