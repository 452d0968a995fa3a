package server //nolint:testpackage // a failure of a part, without the part

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/drain"
)

// G7: half a node is worse than none. A part that ends because a connection of its own was closed has failed like any
// other: only the HTTP server is closed on purpose.
func TestAPartThatLostItsConnectionHasFailed(t *testing.T) {
	var log strings.Builder
	o := Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	d, err := drain.New(drain.Plan{}, struct{ drain.Service }{}, drain.Options{Logger: o.Logger})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Server: &Server{o: o}, drainer: d}
	n.failed("watch the store", fmt.Errorf("listen: %w", net.ErrClosed))
	if !strings.Contains(log.String(), "watch the store") {
		t.Errorf("the log says %q", log.String())
	}
}
