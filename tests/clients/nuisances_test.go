package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const terminated = syscall.SIGTERM

// owed is longer than what a client may take that was given a result and says nothing (2 s). Where the good client's task
// takes that long, what the bad one is granted has passed when it ends, and what is left is what it costs the drain.
const owed = 2500 * time.Millisecond

// nuisances are the clients that a server has to be able to live with. Each comes before the signal, and what it does it
// goes on doing until the node is gone. The noisy ones stand last.
var nuisances = []struct {
	name string
	work time.Duration // of the good client's task
	come func(*stage)
}{
	{"a client that never reads", owed, neverReads},
	{"a client that never reads its response", time.Second, neverReadsItsResponse},
	{"a client that vanishes in the middle of its task", time.Second, vanishes},
	{"a client that falls silent in the middle of its task", owed, fallsSilent},
	{"a client that never answers a close", time.Second, neverAnswersAClose},
	{"connections that say nothing", time.Second, sayNothing},
	{"slow lorises", time.Second, slowLorises},
	{"a body that never comes", time.Second, bodyNeverComes},
	{"a client that reconnects during the drain", time.Second, reconnects},
	{"clients that come and go ten times a second", time.Second, comeAndGo},
	{"a client that sends binary frames", time.Second, sendsBinary},
	{"a client that never stops talking", time.Second, neverStopsTalking},
	{"a client that never stops asking", time.Second, neverStopsAsking},
	{"idle connections and hammering reads", time.Second, hammer},
}

// big is the input of a task whose result alone fills a small buffer many times over.
func big() string { return strings.Repeat("x", 900<<10) }

// submitBig submits n tasks with big results for the client and waits for their end.
func (s *stage) submitBig(client string, n int) {
	for range n {
		id := s.Submit(fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, client, big())).ID
		s.AwaitStatus(id, lastcall.Succeeded)
	}
}

// neverReads: its results fill every buffer on the way, and the server is stuck in the middle of one.
func neverReads(s *stage) {
	socket(s.t, s.Node, "mallory")
	s.submitBig("mallory", 1)
}

func vanishes(s *stage) {
	c := socket(s.t, s.Node, "trent")
	c.awaitText(s.t, `"t":"live"`)
	s.Sleep("trent", 500*time.Millisecond)
	c.vanish()
}

// fallsSilent: it was a good client, which acknowledged what it got; then its machine lost its network, and nothing of
// that reaches the server, for which the connection stands.
func fallsSilent(s *stage) {
	c := socket(s.t, s.Node, "sybil")
	s.Submit(`{"type":"echo","client":"sybil"}`)
	c.awaitText(s.t, `"seq":1`)
	if err := c.send(opText, `{"t":"ack","seq":1}`); err != nil {
		s.t.Error(err)
	}
	s.Sleep("sybil", 100*time.Millisecond)
}

// reconnects: it closes its socket as soon as it hears of the drain, and wants another, again and again.
func reconnects(s *stage) {
	c := socket(s.t, s.Node, "trudy")
	s.Sleep("trudy", 500*time.Millisecond)
	s.on.Go(func() { // ends with the word of the drain, or with the socket
		for {
			if _, text, err := c.next(); err != nil || strings.Contains(text, `"t":"drain"`) {
				_ = c.Close()
				return
			}
		}
	})
	s.goesOn(20*time.Millisecond, func(context.Context) { tryUpgrade(s.Addr, "trudy") })
}

// tryUpgrade opens a socket, says hello if it is let in, and closes it.
func tryUpgrade(addr, client string) {
	c, err := dial(addr)
	if err != nil {
		return
	}
	defer c.Close()
	if status, err := c.upgrade(client); err == nil && status == http.StatusSwitchingProtocols {
		_ = c.send(opText, `{"t":"hello"}`)
	}
}

// comeAndGo: three kinds of them, for each of which something is begun on the server.
func comeAndGo(s *stage) {
	s.goesOn(100*time.Millisecond, func(context.Context) { tryUpgrade(s.Addr, "eve") })
	s.goesOn(100*time.Millisecond, func(context.Context) {
		if c, err := dial(s.Addr); err == nil {
			c.vanish()
		}
	})
	s.goesOn(100*time.Millisecond, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		_, _ = s.Try(ctx, http.MethodGet, "/v1/tasks?limit=200", "")
	})
}

// sendsBinary: it is told that nobody here speaks that, and does not care.
func sendsBinary(s *stage) {
	first := socket(s.t, s.Node, "oscar")
	s.Sleep("oscar", 500*time.Millisecond)
	s.goesOn(10*time.Millisecond, func(context.Context) { _ = first.send(opBinary, "\x00\x01\x02") })
	s.goesOn(100*time.Millisecond, func(context.Context) {
		c, err := dial(s.Addr)
		if err != nil {
			return
		}
		defer c.Close()
		if _, err := c.upgrade("oscar"); err == nil {
			_ = c.send(opBinary, "\x00\x01\x02")
		}
	})
}

// neverStopsTalking: everything that it says is in order, and it reads none of the answers.
func neverStopsTalking(s *stage) {
	c := socket(s.t, s.Node, "peggy")
	s.goesOn(time.Millisecond, func(context.Context) {
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		for range 20 {
			_ = c.send(opPing, "are you there?")
			_ = c.send(opText, `{"t":"of a newer version"}`)
		}
	})
}

// neverStopsAsking: it asks after hundreds of tasks that are not there, reads every answer, and asks again.
func neverStopsAsking(s *stage) {
	c := socket(s.t, s.Node, "quentin")
	const many = 400
	ids := make([]string, many)
	for i := range ids {
		ids[i] = strconv.Quote(strconv.Itoa(i))
	}
	question := `{"t":"watch","tasks":[` + strings.Join(ids, ",") + `]}`
	s.on.Go(func() { // ends with the connection
		for answers := 0; ; {
			if answers%many == 0 {
				_ = c.send(opText, question)
			}
			_, text, err := c.next()
			if err != nil {
				return
			}
			if strings.Contains(text, "not_found") {
				answers++
			}
		}
	})
}

// neverAnswersAClose: it is there, reads the close frame, and keeps the connection.
func neverAnswersAClose(s *stage) {
	c := socket(s.t, s.Node, "victor")
	s.Sleep("victor", 500*time.Millisecond)
	s.on.Go(c.listen)
}

func sayNothing(s *stage) {
	for range 20 {
		connect(s.t, s.Node)
	}
}

// slowLorises: half a request, and another byte of it now and then.
func slowLorises(s *stage) {
	for range 10 {
		c := connect(s.t, s.Node)
		if err := c.say("GET /v1/queues HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); err != nil {
			s.t.Error(err)
		}
		s.goesOn(200*time.Millisecond, func(context.Context) { _ = c.say("x") })
	}
}

func bodyNeverComes(s *stage) {
	for range 10 {
		c := connect(s.t, s.Node)
		err := c.say("POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		if err != nil {
			s.t.Error(err)
		}
	}
}

// hammer: connections that were used once and are kept, and clients that ask as fast as they are answered.
func hammer(s *stage) {
	for range 10 {
		c := connect(s.t, s.Node)
		if err := c.say("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			s.t.Error(err)
		}
	}
	for range 4 {
		s.goesOn(time.Millisecond, func(ctx context.Context) {
			_, _ = s.Try(ctx, http.MethodGet, "/v1/queues", "")
		})
	}
}

// neverReadsItsResponse: it asks for more than every buffer on the way holds.
func neverReadsItsResponse(s *stage) {
	s.submitBig("walter", 2)
	for range 3 {
		c := connect(s.t, s.Node)
		if err := c.say("GET /v1/tasks?client=walter HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			s.t.Error(err)
		}
	}
}
