package load

import (
	"fmt"
	"sync"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// positions is how far each client has heard. Its zero value is ready.
type positions struct {
	mu sync.Mutex
	at map[string]int64 // by client
}

// to notes that a client has heard of all up to seq.
func (p *positions) to(client string, seq int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = map[string]int64{}
	}
	p.at[client] = max(p.at[client], seq)
}

func (p *positions) of(client string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[client]
}

// catchUp waits until nothing is left to do and every client has heard all that there is to hear.
func (c *Crowd) catchUp() {
	c.t.Helper()
	front := lab.Front(c.t, c.fronts[0], nil)
	record.Settle(c.t, front)
	for _, client := range c.Clients {
		s, welcome := front.Connect(client, "")
		_ = s.Conn.CloseNow()
		lab.Until(c.t, fmt.Sprintf("G5: %s has heard all %d events", client, welcome.Head), func() bool {
			return c.heard.of(client) >= welcome.Head
		})
	}
}
