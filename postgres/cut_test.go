package postgres

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall/tests/pg"
)

// shears stand between a node and the server, and cut all its connections behind the n-th statement that it sends. The
// server has it then and does what it says, and finds that nobody is there for the answer: that is what a SIGKILL of the
// node leaves, at any step between two statements.
type shears struct {
	ln     net.Listener
	target string
	lines  sync.WaitGroup

	mu   sync.Mutex
	left int // statements that are let through yet
	sent int
	ends []net.Conn
}

// newShears let so many statements through. They are at the address that is returned.
func newShears(t *testing.T, at string, statements int) (*shears, string) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &shears{ln: ln, target: u.Host, left: statements}
	s.lines.Go(s.accept) // ends with the listener, the others with their connections
	u.Host = ln.Addr().String()
	return s, u.String()
}

// close cuts what is left and returns how many statements were sent.
func (s *shears) close() int {
	_ = s.ln.Close()
	s.mu.Lock()
	s.left = 0
	s.cut()
	s.mu.Unlock()
	s.lines.Wait()
	return s.sent
}

// cut hangs up, if nothing is let through any more. The mutex is held.
func (s *shears) cut() {
	for _, end := range s.ends {
		if s.left == 0 {
			_ = end.Close()
		}
	}
}

func (s *shears) accept() {
	for {
		node, err := s.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", s.target)
		if err != nil {
			_ = node.Close()
			continue
		}
		s.mu.Lock()
		s.ends = append(s.ends, node, server)
		s.cut()
		s.mu.Unlock()
		s.lines.Go(func() { s.forward(server, node) })
		s.lines.Go(func() {
			_, _ = io.Copy(node, server) // until either end is gone
			_ = node.Close()
		})
	}
}

// forward carries a node's messages to the server, each a type and a length, but for the first, which has no type.
func (s *shears) forward(server io.WriteCloser, node io.Reader) {
	defer server.Close()
	for head := 4; ; head = 5 {
		message := make([]byte, head)
		if _, err := io.ReadFull(node, message); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(message[head-4:])-4)
		if _, err := io.ReadFull(node, body); err != nil || !s.pass(server, slices.Concat(message, body)) {
			return
		}
	}
}

func (s *shears) pass(server io.Writer, message []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return false
	}
	_, err := server.Write(message)
	if kind := message[0]; kind == 'Q' || kind == 'S' { // a query, or the sync behind one in several messages
		s.left, s.sent = s.left-1, s.sent+1
		s.cut()
	}
	return err == nil
}

// A node is killed behind each statement of its first start, and of one that brings the schema on: whatever it left, the
// next start works, and the schema is the same to the last column, index and constraint as one that was made in peace.
func TestAStartThatIsKilledAtAnyStepIsFollowedByOneThatWorks(t *testing.T) {
	t.Parallel()
	at := pg.Shared(t).Create(t, "shears")
	later := append(wider(1), step{version: 3, minimum: 1, script: "CREATE TABLE lastcall.notes (n int);"})
	for what, c := range map[string]struct{ before, after []step }{
		"first start": {nil, knownSteps},
		"migration":   {knownSteps, later},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			begin := func(name string, statements int) (whole bool, sent int, schema string) {
				t.Helper()
				schema = strings.ReplaceAll(what, " ", "_") + name
				at := at + "&schema=" + schema
				if c.before != nil {
					opens(t, at, c.before)
				}
				s, cut := newShears(t, at+"&application_name="+schema, statements)
				store, err := Open(t.Context(), cut, Options{Logger: quiet(), steps: c.after})
				sent = s.close()
				if err == nil {
					_ = store.Close() // there is nobody any more to whom it could say good-bye
				}
				opens(t, at, c.after)
				return err == nil, sent, schema
			}
			_, statements, peace := begin("", 1<<30)
			want := anatomy(t, at, peace)
			started := 0
			for n := range statements {
				whole, _, schema := begin(fmt.Sprintf("_%d", n), n)
				if whole {
					started++
				}
				got := anatomy(t, at, schema)
				if !slices.Equal(got, want) {
					// The killed node's session was just looking after the days of events, which whoever comes next then
					// leaves to it: what it does not do is made later, and until then there is the table of other days.
					until(t, "the killed node's sessions have ended", func() bool {
						return one[bool](t, at, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1)", schema)
					})
					opens(t, at+"&schema="+schema, c.after)
					got = anatomy(t, at, schema)
				}
				if !slices.Equal(got, want) {
					t.Errorf("cut behind statement %d of %d, the schema is not as it should be: %s", n, statements, cmp.Diff(want, got))
				}
				pg.Shared(t).Exec(t, "shears", "DROP SCHEMA "+schema+" CASCADE")
			}
			t.Logf("cut behind each of %d statements; %d starts had what they needed by then", statements, started)
			if statements < 10 || started > statements/2 {
				t.Error("too few of the cuts have hit a start")
			}
		})
	}
}

// opens starts a store and uses it.
func opens(t *testing.T, at string, steps []step) {
	t.Helper()
	s, err := Open(t.Context(), at, Options{Logger: quiet(), steps: steps})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	submitted(t, s)
}

// anatomy is what a schema consists of, in words in which its name does not occur.
func anatomy(t *testing.T, at, schema string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), forSchema(`
		SELECT 'version ' || string_agg(to_jsonb(v)::text, '') FROM (SELECT version, minimum FROM lastcall.schema_versions ORDER BY version) v
		UNION ALL SELECT relkind::text || ' ' || relname || ' ' || coalesce(pg_get_expr(relpartbound, oid), '')
			|| ' ' || coalesce(reloptions::text, '')
			FROM pg_class WHERE relnamespace = $1::text::regnamespace
		UNION ALL SELECT 'column ' || relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
			FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = $1::text::regnamespace AND attnum > 0
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = $1::text
		UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = $1::text::regnamespace
		UNION ALL SELECT 'function ' || proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = $1::text::regnamespace
		ORDER BY 1`, schema), schema)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], schema, "")
	}
	slices.Sort(all)
	return all
}
