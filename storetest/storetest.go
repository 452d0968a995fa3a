// Package storetest is the specification of a lastcall.Store, as tests. What a store must do stands in cases.go, a line
// for each sentence of the contract, with the promise (G1 to G11) that hangs on it; the files named after a subject
// prove those lines. Whoever writes a new store needs one line of test:
//
//	func TestStore(t *testing.T) {
//		dir := t.TempDir()
//		storetest.Run(t, func(t testing.TB, name string) lastcall.Store { return open(t, filepath.Join(dir, name)) })
//	}
//
// and has a store that the rest of lastcall can stand on when that line is green under -race.
//
// The cases look at a store from outside only, through as many handles as a deployment has nodes. They know nothing of
// its clock but what its answers say, and wait for what takes time by asking again until a deadline. A node dies in
// them as processes do: its handle is closed, nothing is said, and its lease runs out.
//
// The heart is the walk (walk.go): a long random sequence of calls made both on the store and on a model, which is a
// page of plain maps that applies the rules of package lastcall. The two must agree on every answer, every event and
// every count, after each step.
package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// Open opens a handle on the data called name, which is there from the first call on: each further call with the same
// name is another node on the same data, or the next start of one that died. Names are lower-case letters, digits and
// underscores, at most 40 bytes, so that they can be the name of a file or of a schema. What cannot be opened fails t.
// The suite closes each handle itself, exactly once.
type Open func(t testing.TB, name string) lastcall.Store

// Run holds the stores that open gives against the whole specification.
func Run(t *testing.T, open Open) {
	t.Helper()
	n := 0
	for _, s := range specification() {
		t.Run(s.subject, func(t *testing.T) {
			for _, c := range s.cases {
				n++
				name := fmt.Sprintf("case%03d", n)
				t.Run(strings.ReplaceAll(c.says, "/", " or "), func(t *testing.T) {
					if !s.alone {
						t.Parallel()
					}
					c.proof(newFixture(t, open, name))
				})
			}
		})
	}
}

// subject is a group of cases.
type subject struct {
	subject string
	alone   bool // its cases run one at a time, beside no others
	cases   []specified
}

// specified is a sentence of the contract and the test that proves it.
type specified struct {
	says  string
	proof func(*fixture)
}
