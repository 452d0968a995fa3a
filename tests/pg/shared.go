package pg

import (
	"sync"
	"testing"
)

// shared is the server that the tests of this binary share.
var shared struct {
	mu     sync.Mutex
	server *Server
	err    error
}

// Shared is a server for all tests of the binary, started for the first that asks. Its tests keep apart by databases
// (Create) or schemas of their own, and neither stop nor freeze it. Main ends it.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = create(tb, nil)
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

// Tests are those of a binary, as TestMain gets them.
type Tests interface{ Run() int }

// Main runs tests and then ends the server that they shared: goleak.VerifyTestMain(pg.Main(m)).
func Main(m Tests) Tests { return sharing{m} }

type sharing struct{ tests Tests }

func (s sharing) Run() int {
	code := s.tests.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server != nil {
		shared.server.end()
		shared.server = nil
	}
	return code
}
