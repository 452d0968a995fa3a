// Package lastcall is the vocabulary and the contracts of a task server that can be deployed at any moment.
//
// People submit long-running work, workers run it from a durable queue, and each client hears what became of it as a
// gapless, ordered log of events, its mailbox. When the process is told to stop, everything accepted is finished or
// handed back, every client gets its answer or is handed over with its place kept, and only then does the process end,
// inside its grace.
//
// # Words
//
// A task is one unit of work, with a type and an input. The client is the identity on whose behalf it runs and to whom
// its events go. A node is one running process; each start of it is a new incarnation. A run is one start of a task:
// runs are numbered from 1 and never reused, so the number is the fence that keeps a run that was cut off from being
// believed. A lease is the time-limited right to run. To settle is to record a run's outcome; to release is to give a
// task back unfinished, at no cost in attempts. A cursor is a position in a mailbox. The drain is the orderly stop, the
// grace the time the platform gives between SIGTERM and SIGKILL.
//
// # Where to read on
//
// This package holds no machinery, only what all the others agree on, and imports the standard library alone:
//
//   - task.go: a task, its states and the table of how they follow each other
//   - transition.go: the rules of that table as pure functions, which every store applies
//   - event.go: what clients are told, and how they resume
//   - store.go: the Store contract, whose conformance suite is package storetest
//   - sweep.go, lease.go, node.go, hint.go: what some of its calls are given and tell
//   - handler.go and run.go: how work is written
//   - error.go: every code that the wire can carry
//
// The promises G1 to G11, named in comments and tests all over the code, are stated in docs/guarantees.md.
//
// # A whole program
//
//	srv, err := server.New(server.Options{Listen: "127.0.0.1:8080", Store: "sqlite:lastcall.db"})
//	lastcall.Handle(srv, "render", func(ctx context.Context, in Render) (Picture, error) { … })
//	err = srv.Run(ctx) // returns when drained
package lastcall
