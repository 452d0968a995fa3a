package postgres

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/pg"
)

// The password is in no error and no log, however wrong the address is.
func TestThePasswordIsInNoErrorAndNoLog(t *testing.T) {
	const secret = "s3cr/t:p@ss%word"
	server := pg.Start(t, pg.Password(secret))
	at := server.Create(t, "secret")
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o := Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	s, err := Open(t.Context(), at, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	host := u.Host
	for name, at := range map[string]string{
		"the wrong password":                  "postgres://postgres:" + url.QueryEscape(secret+"x") + "@" + host + "/secret",
		"the wrong database":                  strings.Replace(at, "/secret?", "/nothing?", 1),
		"the wrong host":                      strings.Replace(at, host, "127.0.0.1:1", 1),
		"no such host":                        strings.Replace(at, host, "nowhere.invalid:5432", 1),
		"the wrong port":                      strings.Replace(at, host, "127.0.0.1:port", 1),
		"a password not encoded":              "postgres://postgres:" + secret + "@" + host + "/secret",
		"half a password as a port":           "postgres://postgres:s3cr/t:p@" + host + "/secret",
		"a password that begins with a slash": "postgres://postgres:/s3cr@" + host + "/secret",
		"no scheme":                           "postgres:" + secret + "@" + host,
		"a wrong setting":                     strings.Replace(at, "sslmode=disable", "sslmode=sometimes", 1),
		"a wrong number":                      at + "&pool_max_conns=many",
		"a wrong schema":                      at + "&schema=" + url.QueryEscape("not a name"),
		"the password as a setting":           "postgres://" + host + "/secret?user=postgres&password=" + url.QueryEscape(secret+"x"),
		"a file that is not there":            strings.Replace(at, "sslmode=disable", "sslmode=verify-full&sslrootcert=/no/such/file", 1),
	} {
		o.KeepSchema = true
		s, err := Open(t.Context(), at, o)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		_, _, failed := Migrate(t.Context(), at, o)
		_, examined := Examine(t.Context(), at, o)
		for _, text := range []string{err.Error(), fmt.Sprint(failed), fmt.Sprint(examined), log.String()} {
			for _, piece := range []string{"s3cr", "p@ss", url.QueryEscape(secret), "word%", "%40ss"} {
				if strings.Contains(text, piece) {
					t.Errorf("%s: %q holds %q", name, text, piece)
				}
			}
		}
	}
}
