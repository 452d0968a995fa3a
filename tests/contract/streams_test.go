package contract

import (
	"bufio"
	"net/http"
	"strings"
)

// follow reads the event stream at a path until it ends, and holds its frames against the contract.
func (n *node) follow(path string) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, "http://"+n.addr+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			t, err := n.frames.Sent([]byte(data))
			if err != nil {
				n.t.Error(err)
			}
			n.heard[t]++
		}
	}
	if err := lines.Err(); err != nil {
		n.t.Error(err)
	}
}
