// Package imports_test holds the rules of the house that the compiler does not know: which package may lean on which,
// which modules of others each may bring in, what packages and files are called and how long they get.
//
// The rules are tables, and the tests read the source as text with go/parser, under every build tag at once, so a file for
// another platform is held to them too. Only what reaches production through modules of others is asked of the go
// command. A new package fails the tests until it has been given its place in house.
package imports_test

// module is the path that stands before every package of ours.
const module = "github.com/lastcall-dev/lastcall"

// A room is a package and what its production code may lean on; the standard library is free to all.
type room struct {
	floor int
	path  string   // below the module's path; "." is the root package
	uses  []string // packages of ours, all on floors below
	parts []string // modules of others; each is a choice, made by the questions in CONTRIBUTING.md
	tests bool     // serves tests only and must not reach production
}

// house is every package, from the ground up. Imports point down only, and rooms on the same floor do not know each
// other. Tests may also use their own floor, and the rooms made for tests, but never what stands above them. (They are
// free to bring in modules of their own, which users of the library do not get.)
var house = []room{
	// The ground: the vocabulary, and what could leave the house and serve others, as it knows nothing of tasks.
	{floor: 0, path: "."},
	{floor: 0, path: "drain"},
	{floor: 0, path: "dashboard"},
	{floor: 0, path: "systemd"},

	// Adapters and engines: each knows the contracts and none of the others.
	{floor: 1, path: "watch", uses: []string{"."}},
	{floor: 1, path: "order", uses: []string{"."}, parts: []string{"github.com/google/uuid"}},
	{floor: 1, path: "column", uses: []string{"."}, parts: []string{"github.com/google/uuid"}},
	{floor: 0, path: "sqlite/internal/sqlite3", parts: []string{"modernc.org/sqlite", "modernc.org/libc"}},
	{
		floor: 2, path: "sqlite", uses: []string{".", "watch", "order", "column", "sqlite/internal/sqlite3"},
		parts: []string{"golang.org/x/sys", "github.com/google/uuid"},
	},
	{
		floor: 2, path: "postgres", uses: []string{".", "watch", "order", "column"},
		parts: []string{"github.com/jackc/pgx/v5", "github.com/google/uuid"},
	},
	{floor: 2, path: "worker", uses: []string{"."}},
	{floor: 0, path: "handler/internal/spawn", parts: []string{"golang.org/x/sys"}},
	{floor: 1, path: "handler", uses: []string{".", "handler/internal/spawn"}},
	{floor: 1, path: "meter", uses: []string{"."}, parts: []string{"github.com/prometheus/client_golang"}},
	{floor: 1, path: "hub", uses: []string{"."}},
	{floor: 1, path: "lease", uses: []string{"."}},
	{floor: 1, path: "auth", uses: []string{"."}},
	{floor: 1, path: "client", uses: []string{".", "drain"}, parts: []string{"github.com/coder/websocket"}},

	// The wire.
	{floor: 1, path: "httpapi/frame", uses: []string{"."}},
	{floor: 2, path: "httpapi", uses: []string{".", "drain", "hub", "lease", "auth"}, parts: []string{"github.com/gorilla/websocket"}},
	{
		floor: 2, path: "httpapi/ws", uses: []string{".", "hub", "httpapi/frame"},
		parts: []string{"github.com/gorilla/websocket", "golang.org/x/sys"},
	},
	{floor: 2, path: "httpapi/sse", uses: []string{".", "hub", "httpapi/frame"}},

	// The whole, and the programs around it.
	{floor: 3, path: "server", uses: []string{
		".", "drain", "dashboard", "sqlite", "postgres", "worker", "handler", "hub", "lease", "auth", "httpapi",
		"httpapi/ws", "httpapi/sse", "meter", "systemd",
	}},
	{
		floor: 4, path: "config", uses: []string{".", "drain", "handler", "server"},
		parts: []string{"github.com/goccy/go-yaml", "github.com/spf13/pflag"},
	},
	{floor: 0, path: "cmd/lastcall/forward"},
	{
		floor: 4, path: "cmd/lastcall/demo", uses: []string{".", "client", "drain", "cmd/lastcall/forward"},
		parts: []string{"github.com/coder/websocket"},
	},
	{
		floor: 5, path: "cmd/lastcall",
		uses:  []string{".", "drain", "handler", "client", "config", "httpapi", "server", "sqlite", "postgres", "systemd", "cmd/lastcall/demo"},
		parts: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys"},
	},
	{floor: 4, path: "examples/embed", uses: []string{".", "server"}},
	{floor: 4, path: "examples/orders", uses: []string{".", "client", "server"}},
	{floor: 0, path: "examples/thumbnails"},
	{floor: 4, path: "examples/drain-only", uses: []string{"drain"}, parts: []string{"github.com/gorilla/websocket"}},

	// For tests: the specification of a store, and the judge of what clients were promised against what they got.
	{floor: 2, path: "storetest", uses: []string{"."}, parts: []string{"github.com/google/go-cmp", "github.com/google/uuid"}, tests: true},
	{floor: 1, path: "hub/hubtest", uses: []string{"."}, tests: true},
	{floor: 2, path: "tests/checker", uses: []string{"."}, tests: true},
	{floor: 0, path: "tests/exchange", tests: true},
	{
		floor: 2, path: "tests/lab",
		uses: []string{".", "drain", "tests/exchange"}, parts: []string{"github.com/coder/websocket", "go.uber.org/goleak"},
		tests: true,
	},

	{floor: 3, path: "tests/pg", uses: []string{"tests/lab"}, parts: []string{"github.com/jackc/pgx/v5"}, tests: true},
	{floor: 3, path: "tests/record", uses: []string{".", "tests/checker", "tests/lab"}, tests: true},
	{
		floor: 4, path: "tests/load", uses: []string{".", "tests/checker", "tests/lab", "tests/record"},
		parts: []string{"github.com/coder/websocket"}, tests: true,
	},

	// Tests of the whole program, and of the house itself.
	{floor: 5, path: "tests/clients/history", uses: []string{".", "sqlite"}, tests: true},
	{floor: 5, path: "tests/drain/stubborn", uses: []string{".", "handler", "server"}, tests: true},
	{floor: 2, path: "tests/crash/witness", uses: []string{"."}, parts: []string{"github.com/google/uuid"}, tests: true},
	{floor: 5, path: "tests/crash/ledger", uses: []string{".", "handler", "server"}, tests: true},
	{floor: 6, path: "tests/clients", tests: true},
	{floor: 6, path: "tests/crash", tests: true},
	{floor: 6, path: "tests/docs", tests: true},
	{floor: 6, path: "tests/drain", tests: true},
	{floor: 6, path: "tests/examples", tests: true},
	{floor: 6, path: "tests/handlers", tests: true},
	{floor: 6, path: "tests/leases", tests: true},
	{floor: 6, path: "tests/pods", tests: true},
	{floor: 6, path: "tests/script", tests: true},
	{floor: 6, path: "tests/soak", tests: true},
	{floor: 6, path: "tests/streams", tests: true},
	{floor: 6, path: "tests/systemd", tests: true},
	{floor: 6, path: "tests/cluster", tests: true},
	{floor: 6, path: "tests/takeover", tests: true},
	{floor: 6, path: "tests/goclient", tests: true},
	{floor: 6, path: "tests/faults", tests: true},
	{floor: 6, path: "tests/imports", tests: true},
}

// roomAt finds the room of a package of ours.
func roomAt(path string) (room, bool) {
	for _, r := range house {
		if r.path == path {
			return r, true
		}
	}
	return room{}, false
}
