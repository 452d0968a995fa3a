package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall/drain"
)

// verdict prints the table and the picture of the drain, and fails if either is not as it should be.
func (s *show) verdict() error {
	s.mu.Lock()
	lost := len(s.waiting)
	s.mu.Unlock()
	finished := s.submitted - lost
	s.plainf("\n  submitted  finished  delivered  refused  lost")
	s.plainf("  %9d  %8d  %9d  %7d  %4d\n", s.submitted, finished, s.delivered, s.refused, lost)
	s.plainf("%s", picture(s.node.report))
	switch {
	case lost > 0:
		return fmt.Errorf("%d tasks got no answer", lost)
	case s.node.exitCode() != 0:
		return fmt.Errorf("the node exited with code %d", s.node.exitCode())
	}
	s.plainf("Nothing was lost. The node left %d ms before its deadline.", s.node.report.SpareMS)
	return nil
}

// picture draws the phases of a drain to scale, one line each.
func picture(r drain.Report) string {
	const width = 48
	var total int64
	for _, p := range r.Phases {
		total += p.MS
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  the drain, %d ms from %s to exit:\n", total, r.Signal)
	at := int64(0)
	for _, p := range r.Phases {
		from, to := scale(at, total, width), scale(at+p.MS, total, width)
		bar := strings.Repeat("·", from) + strings.Repeat("█", max(to-from, 1)) + strings.Repeat("·", max(width-max(to, from+1), 0))
		fmt.Fprintf(&b, "  %-9s %s %6d ms\n", p.Name, bar, p.MS)
		at += p.MS
	}
	return b.String()
}

func scale(ms, total int64, width int) int {
	if total == 0 {
		return 0
	}
	return min(int(ms*int64(width)/total), width-1)
}

// status is that of the refusal in err's chain, 0 if there is none.
func status(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return 0
}

// closeCode is the code that a WebSocket was closed with, 0 if it was not closed by its peer.
func closeCode(err error) int { return max(int(websocket.CloseStatus(err)), 0) }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// verdict prints the table and the pictures of both drains, and fails if anything is not as it should be.
func (s *takeover) verdict() error {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.plainf("\n  requests  refused  tasks waited for  answers  repeated  lost")
	s.plainf("  %8d  %7d  %16d  %7d  %8d  %4d\n", s.traffic.requests, s.traffic.refused,
		s.ledger.asks, s.ledger.answers, s.ledger.repeated, len(s.ledger.waiting))
	s.plainf("The old node, which had a peer:\n%s", picture(s.old.report))
	s.plainf("The new node, which had none any more:\n%s", picture(s.new.report))
	refused := s.old.report.Refused
	switch {
	case s.traffic.refused > 0:
		return fmt.Errorf("%d requests were refused or failed, the first: %w", s.traffic.refused, s.traffic.first)
	case refused > 0:
		return fmt.Errorf("the old node says that it refused %d requests", refused)
	case s.ledger.failed > 0:
		return fmt.Errorf("%d tasks did not succeed", s.ledger.failed)
	case s.old.exitCode() != 0 || s.new.exitCode() != 0:
		return fmt.Errorf("the nodes exited with %d and %d", s.old.exitCode(), s.new.exitCode())
	}
	s.plainf("0 refused, 0 lost. Nobody who came through the forwarder noticed that a process ended.")
	return nil
}
