package postgres

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/storetest"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// The specification holds behind a pooler in transaction mode too, where no statement is prepared and nobody listens.
func TestStoreBehindAPooler(t *testing.T) {
	server := pg.Shared(t)
	server.Create(t, "pooled")
	at := pg.StartPooler(t, server).URL("pooled")
	storetest.Run(t, func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		return openAt(tb, at+"&schema="+schemaFor(name))
	})
}

// A pooler is found out and said, once, and what another node does is looked for each second.
func TestAPoolerIsFoundOutAndSaid(t *testing.T) {
	server := pg.Shared(t)
	direct := server.Create(t, "found")
	var log bytes.Buffer
	s, err := Open(t.Context(), pg.StartPooler(t, server).URL("found"), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := strings.Count(log.String(), "behind a pooler"); n != 1 {
		t.Fatalf("it was said %d times: %s", n, log.String())
	}
	e := listenTo(t, s)
	until(t, "an empty hint came", e.heardAnything)
	other := openAt(t, direct)
	defer other.Close()
	if other.pooled {
		t.Fatal("a server without a pooler was taken for one with it")
	}
	listenTo(t, other).hearsFrom(t, s) // who listens hears of those who cannot
}
