package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/lastcall-dev/lastcall/config"
	"github.com/lastcall-dev/lastcall/server"
)

// welcome says where things are, and what to try first if there is anything.
func welcome(w io.Writer, srv *server.Server, store, try string) {
	at, url := doors(srv.Addr())
	place := server.StoreName(store)
	if path, ok := strings.CutPrefix(store, "sqlite:"); ok {
		place = path
		if whole, err := filepath.Abs(path); err == nil {
			place = whole
		}
	}
	fmt.Fprintf(w, "lastcall %s, pid %d\n", version, os.Getpid())
	fmt.Fprintf(w, "  listens at  %s\n", at)
	fmt.Fprintf(w, "  keeps data  in %s\n", place)
	if try != "" {
		fmt.Fprintf(w, "  try         curl -H 'Content-Type: application/json' -H 'Prefer: wait=10' %s/v1/tasks -d %s\n", url, quoted(try))
	}
}

// doors say where a node listens, and what curl has to be told to get there. A path is no part of a URL.
func doors(a net.Addr) (at, url string) {
	if a.Network() == "unix" {
		return a.String(), "--unix-socket " + quoted(a.String()) + " http://localhost"
	}
	at = "http://" + a.String()
	return at, at
}

// trial is a task to be pasted that this node takes. Without configured types it is one that shows something; else it is
// of the first that runs here, and {} stands for an input that only the type's author knows. Where workers outside run
// everything there is none, as nothing would seem to happen.
func trial(c *config.Config) string {
	if !c.Named {
		return `{"type":"sleep","input":{"ms":2000,"steps":10}}`
	}
	for _, t := range c.Types {
		if t.Pull {
			continue
		}
		if name, err := json.Marshal(t.Name); err == nil {
			return fmt.Sprintf(`{"type":%s,"input":{}}`, name)
		}
	}
	return ""
}

// quoted is a text as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
