package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// with is an address with other settings.
func with(tb testing.TB, at string, settings ...string) string {
	tb.Helper()
	u, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	for i := 0; i < len(settings); i += 2 {
		q.Set(settings[i], settings[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// refusal is why an address lets nobody in.
func refusal(tb testing.TB, at string) error {
	tb.Helper()
	_, err := Examine(tb.Context(), at, Options{Logger: quiet()})
	if err == nil {
		tb.Fatalf("%s let us in", at)
	}
	return err
}

// That nobody serves TLS there is nothing that a node could wait for: it is said at once, and is no store_unavailable.
func TestAServerWithoutTLSIsToldToWhoInsistsOnIt(t *testing.T) {
	at := pg.Shared(t).Create(t, "without_tls")
	for _, mode := range []string{"require", "verify-full"} {
		err := refusal(t, with(t, at, "sslmode", mode))
		if !strings.Contains(err.Error(), "the server has no TLS, and the address insists on it") {
			t.Errorf("%s: %v", mode, err)
		}
		if lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable {
			t.Errorf("%s: it is to be tried again: %v", mode, err)
		}
	}
	// Of two hosts one may come back that has it.
	u, err := url.Parse(with(t, at, "sslmode", "require"))
	if err != nil {
		t.Fatal(err)
	}
	u.Host += ",127.0.0.1:1"
	if err := refusal(t, u.String()); lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
		t.Errorf("it is told at once: %v", err)
	}
	s := openAt(t, with(t, at, "sslmode", "prefer"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// With sslmode=prefer, the default, each host is tried twice; it is told once, and by what counts.
func TestWhyThereWasNoConnectionIsSaidOnce(t *testing.T) {
	server := pg.Start(t, pg.Password("right"))
	at := with(t, server.Create(t, "once"), "sslmode", "prefer")
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ at, once string }{
		"a wrong password": {strings.Replace(at, ":right@", ":wrong@", 1), "password authentication failed"},
		"no such database": {strings.Replace(at, "/once?", "/nosuch?", 1), "does not exist"},
		"nobody there":     {strings.Replace(at, u.Host, "127.0.0.1:1", 1), "connection refused"},
		"no such host":     {strings.Replace(at, u.Host, "nowhere.invalid:1", 1), "no such host"},
	} {
		text := refusal(t, c.at).Error()
		if strings.Count(text, c.once) != 1 || strings.Contains(text, "tls") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", what, text)
		}
	}
}

// What the server alone can know to be wrong with an address is a mistake in it all the same.
func TestASettingThatTheServerDoesNotTakeIsAMistakeInTheAddress(t *testing.T) {
	at := pg.Shared(t).Create(t, "slips")
	for name, value := range map[string]string{"passwrod": "x", "statement_timeout": "soon", "fsync": "off"} {
		err := refusal(t, with(t, at, name, value))
		if _, ok := errors.AsType[*AddressError](err); !ok || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
