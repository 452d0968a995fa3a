package main

import (
	"net"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/config"
)

func TestWhatIsToBeTriedFirstIsOfATypeThatRunsHere(t *testing.T) {
	pull, report := lastcall.TaskType{Name: "later", Pull: true}, lastcall.TaskType{Name: "bob's"}
	for name, c := range map[string]struct {
		config config.Config
		want   string
	}{
		"nothing is configured":      {config.Config{}, `{"type":"sleep","input":{"ms":2000,"steps":10}}`},
		"the first is for workers":   {config.Config{Named: true, Types: []lastcall.TaskType{pull, report}}, `{"type":"bob's","input":{}}`},
		"all are for workers":        {config.Config{Named: true, Types: []lastcall.TaskType{pull}}, ""},
		"no type is named by a file": {config.Config{Named: true}, ""},
	} {
		if got := trial(&c.config); got != c.want {
			t.Errorf("%s: %s is to be tried, want %s", name, got, c.want)
		}
	}
	if got := quoted(`{"type":"bob's"}`); got != `'{"type":"bob'\''s"}'` {
		t.Errorf("a shell is given %s", got)
	}
}

func TestAPathIsNotShownAsAURL(t *testing.T) {
	for _, c := range []struct {
		of      net.Addr
		at, url string
	}{
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 80}, "http://[::1]:80", "http://[::1]:80"},
		{&net.UnixAddr{Name: "/run/a b", Net: "unix"}, "/run/a b", "--unix-socket '/run/a b' http://localhost"},
	} {
		if at, url := doors(c.of); at != c.at || url != c.url {
			t.Errorf("%v is shown as %s, and asked as %s", c.of, at, url)
		}
	}
}
